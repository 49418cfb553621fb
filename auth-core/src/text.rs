//! Characters that show themselves, and those that do not.

/// Whether a character can break a line or turn the text around it: control characters, line and paragraph
/// separators, and the marks that override the direction of writing.
pub(crate) fn is_control(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character by itself leaves nothing to see. Joiners are among them: inside a word some scripts need them.
pub(crate) fn is_invisible(char: char) -> bool {
    char.is_whitespace()
        || is_control(char)
        || matches!(char, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2065}' | '\u{FEFF}')
}

/// Reads a text of nothing but visible ASCII, without blanks.
pub(crate) fn visible_ascii(bytes: &[u8]) -> Option<&str> {
    // No early end: a loop over all of it is one that the compiler makes wide.
    let is_visible = bytes.iter().fold(true, |all, byte| all & byte.is_ascii_graphic());
    if is_visible { std::str::from_utf8(bytes).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_breaks_text_is_control_and_what_joins_it_is_not() {
        for char in ['\0', '\n', '\u{7F}', '\u{85}', '\u{2028}', '\u{202E}', '\u{2066}'] {
            assert!(is_control(char), "{char:?}");
        }
        for char in ['a', 'é', '\u{200D}', '\u{200C}', '👩', ' '] {
            assert!(!is_control(char), "{char:?}");
        }
        assert!("\u{200B}\u{200D}\u{FEFF} \t".chars().all(is_invisible));
        assert!(!"👩\u{200D}👩".chars().all(is_invisible));
    }
}
