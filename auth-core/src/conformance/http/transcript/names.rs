//! Placeholders for what differs from run to run.

use uuid::Uuid;

use crate::token::RefreshToken;

/// What was seen so far; a thing that comes again gets the same placeholder.
#[derive(Debug, Default)]
pub struct Names {
    access_tokens: Vec<String>,
    ids: Vec<String>,
    refresh_tokens: Vec<String>,
}

impl Names {
    /// Replaces every id and token in a text.
    pub fn replace(&mut self, text: &str) -> String {
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
        let mut replaced = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (word, after) = rest.split_at(rest.find(|char| !is_part(char)).unwrap_or(rest.len()));
            replaced.push_str(&self.name(word).unwrap_or_else(|| word.to_owned()));
            let (gap, next) = after.split_at(after.find(is_part).unwrap_or(after.len()));
            replaced.push_str(gap);
            rest = next;
        }
        replaced
    }

    fn name(&mut self, word: &str) -> Option<String> {
        let is_id = word.len() == 36 && Uuid::try_parse(word).is_ok();
        let is_access_token = word.starts_with("eyJ") && word.matches('.').count() == 2;
        let (kind, seen) = if is_id {
            ("id", &mut self.ids)
        } else if is_access_token {
            ("access-token", &mut self.access_tokens)
        } else if RefreshToken::parse(word).is_some() {
            ("refresh-token", &mut self.refresh_tokens)
        } else {
            return None;
        };
        let known = seen.iter().position(|known| known == word);
        let number = known.unwrap_or_else(|| {
            seen.push(word.to_owned());
            seen.len() - 1
        });
        Some(format!("<{kind}-{}>", number + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_has_the_same_name() {
        let mut names = Names::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let text = format!("/sessions/{other} {{\"id\":\"{one}\"}} a=eyJh.e30.x; {other}");
        assert_eq!(names.replace(&text), "/sessions/<id-1> {\"id\":\"<id-2>\"} a=<access-token-1>; <id-1>");
        assert_eq!(names.replace(&one.to_string()), "<id-2>");
        assert_eq!(names.replace("nothing to see, ümlaut\n"), "nothing to see, ümlaut\n");
    }
}
