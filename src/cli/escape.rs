//! Text from data, shown on a terminal: nothing in it may move the cursor, change a colour or turn the line around.

use std::borrow::Cow;

/// `text` with everything that a terminal would obey instead of show written out: control characters as `\n`, `\t` or
/// `\u{1b}`, and the invisible ones that reorder or hide text as `\u{202e}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_a_terminal_obeys_is_written_out_and_the_rest_stays() {
        assert_eq!(escape("\u{1b}[31mred\u{7}"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(escape("a\nb\tc\rd\0\u{7f}\u{9b}"), "a\\nb\\tc\\rd\\u{0}\\u{7f}\\u{9b}");
        assert_eq!(escape("user\u{202e}gpj.exe\u{200b}"), "user\\u{202e}gpj.exe\\u{200b}");
        assert_eq!(escape("咖啡 'café' \\ \u{1f600}"), "咖啡 'café' \\ \u{1f600}");
    }
}
