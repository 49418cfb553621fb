//! A Rust source seen line by line, with code, strings and comments told apart.

/// One line of a Rust source in three views, which hold blanks where the others have something.
#[derive(Debug)]
pub(crate) struct Line {
    /// The code without comments and without the contents of strings and characters.
    pub(crate) code: String,
    /// The code with the contents of strings, without comments.
    pub(crate) text: String,
    /// The comments alone, with their slashes.
    pub(crate) comment: String,
    /// Whether the line belongs to an item under `#[cfg(test)]`.
    pub(crate) in_test: bool,
}

/// Splits a source into lines.
pub(crate) fn lines(source: &str) -> Vec<Line> {
    let (mut code, mut text, mut comment) = (String::new(), String::new(), String::new());
    for (kind, piece) in pieces(source) {
        let blank: String = piece.chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        code.push_str(if kind == Kind::Code { piece } else { &blank });
        text.push_str(if kind == Kind::Comment { &blank } else { piece });
        comment.push_str(if kind == Kind::Comment { piece } else { &blank });
    }
    let mut test_item = TestItem::default();
    code.lines()
        .zip(text.lines())
        .zip(comment.lines())
        .map(|((code, text), comment)| Line {
            code: code.to_owned(),
            text: text.to_owned(),
            comment: comment.to_owned(),
            in_test: test_item.covers(code),
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Cuts a source into pieces that are wholly code, comment or literal.
fn pieces(source: &str) -> Vec<(Kind, &str)> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while !rest.is_empty() {
        let (kind, length) = piece(rest);
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        pieces.push((kind, piece));
        rest = after;
    }
    pieces
}

/// Returns what `rest` begins with, and how many bytes long that is.
fn piece(rest: &str) -> (Kind, usize) {
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    if word > 0 {
        let (prefix, after) = rest.split_at(word);
        return match raw_string(after) {
            Some(length) if matches!(prefix, "r" | "br" | "cr") => (Kind::Literal, word + length),
            _ => (Kind::Code, word),
        };
    }
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, block_comment(rest));
    }
    if rest.starts_with('"') {
        return (Kind::Literal, quoted(rest, '"'));
    }
    if is_character(rest) {
        return (Kind::Literal, quoted(rest, '\''));
    }
    (Kind::Code, rest.chars().next().map_or(1, char::len_utf8))
}

/// Returns the length of a raw string that follows its `r`.
fn raw_string(after: &str) -> Option<usize> {
    let body = after.trim_start_matches('#');
    let hashes = after.len() - body.len();
    let body = body.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(after.len(), |at| hashes + 1 + at + end.len()))
}

/// Returns the length of a block comment, and of those inside it.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Returns the length of a string or character, quotes included.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// Returns whether `rest` begins with a character, as opposed to a lifetime.
fn is_character(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('\'') && (chars.next() == Some('\\') || chars.next() == Some('\''))
}

/// Follows the code line by line and knows when it is inside an item under `#[cfg(test)]`.
#[derive(Debug, Default)]
struct TestItem {
    open: bool,
    depth: usize,
}

impl TestItem {
    fn covers(&mut self, code: &str) -> bool {
        let code = match code.find("#[cfg(test)]") {
            Some(at) if !self.open => {
                (self.open, self.depth) = (true, 0);
                code.get(at..).unwrap_or_default()
            }
            _ => code,
        };
        let covered = self.open;
        for c in code.chars().filter(|_| covered) {
            match c {
                '(' | '[' | '{' => self.depth += 1,
                ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth == 0 && matches!(c, '}' | ';') {
                self.open = false;
                break;
            }
        }
        covered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts what is left as code, whatever the number of blanks.
    #[track_caller]
    fn assert_code(source: &str, expected: &str) {
        let code: String = lines(source).iter().flat_map(|line| [line.code.as_str(), " "]).collect();
        assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        assert_code("a; // b\n/* c /* d */ e */ f", "a; f");
        assert_code(r#"x("a \" // b", y)"#, "x( , y)");
        assert_code("x(r#\"a \" b\"#, br\"\\\", c)", "x( , , c)");
        assert_code("let a = '\"'; let b = '\\''; b'x'", "let a = ; let b = ; b");
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        assert_code("fn f<'a>(r#type: &'a str) -> &'a str", "fn f<'a>(r#type: &'a str) -> &'a str");
    }

    #[test]
    fn a_string_over_lines_keeps_the_count() {
        let lines = lines("a(\"1\n2\");\nb // c");
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1].text, "2\");");
        assert_eq!((lines[2].code.trim_end(), lines[2].comment.trim_start()), ("b", "// c"));
    }

    #[test]
    fn lines_under_cfg_test_are_known() {
        let source =
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\"; }\n}\nfn c() {}\n#[cfg(test)]\nmod d;\nx";
        let in_test: Vec<bool> = lines(source).iter().map(|line| line.in_test).collect();
        assert_eq!(in_test, [false, true, true, true, true, false, true, true, false]);
    }
}
