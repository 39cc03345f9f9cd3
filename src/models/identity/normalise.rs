//! Identifiers as they can be compared: by rules of digits and letters alone, with no list of numbers or providers.

/// How the numbers of the export are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialling {
    /// Calling code of numbers that name no country, such as `49`; empty when nothing is known of them.
    pub country: String,
    /// What numbers within the country begin with and numbers from abroad leave out, such as `0`; may be empty.
    pub trunk: String,
    /// What stands for `+`, such as `00`; may be empty.
    pub international: String,
}

/// Fewest and most digits of a number with its country. E.164 has 15 at most; seven are left of the shortest countries'.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A telephone number as E.164 has it, `+` and up to 15 digits; `None` when these rules cannot tell which number it is:
/// letters or an extension in it, no country, too few or too many digits, or no trunk prefix where numbers have one.
///
/// A `(0)` in a number with its country is the trunk prefix that is left out from abroad.
pub fn phone(written: &str, dialling: &Dialling) -> Option<String> {
    // Spreadsheets keep a number's zero or plus by an apostrophe before it.
    let written = written.trim().trim_start_matches('\'').trim_start();
    let (abroad, rest) = match written.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, written),
    };
    let trunk = format!("({})", dialling.trunk);
    let without_trunk = if dialling.trunk.is_empty() { rest.to_owned() } else { rest.replacen(&trunk, "", 1) };
    let plain = digits(rest)?;
    let prefixed = !abroad && !dialling.international.is_empty() && plain.starts_with(&dialling.international);
    let number = if abroad {
        digits(&without_trunk)?
    } else if prefixed {
        digits(&without_trunk)?.strip_prefix(dialling.international.as_str())?.to_owned()
    } else if dialling.country.is_empty() {
        return None;
    } else {
        format!("{}{}", dialling.country, plain.strip_prefix(dialling.trunk.as_str())?)
    };
    (DIGITS.contains(&number.len()) && !number.starts_with('0')).then(|| format!("+{number}"))
}

/// The digits of a number with what people write between them; `None` when there is anything else.
fn digits(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '0'..='9' => digits.push(letter),
            ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}' | '\u{2010}'..='\u{2013}' => {}
            _ => return None,
        }
    }
    Some(digits)
}

/// An e-mail address in lower case without blanks around it; `None` when it is none: not one `@` with something before it
/// and a domain with a dot behind.
pub fn email(written: &str) -> Option<String> {
    let address = written.trim().to_lowercase();
    let (local, domain) = address.split_once('@')?;
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
    let clean = !address.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    (!local.is_empty() && !domain.contains('@') && dotted && clean).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn germany() -> Dialling {
        Dialling { country: "49".into(), trunk: "0".into(), international: "00".into() }
    }

    #[test]
    fn one_number_is_one_number_however_it_is_written() {
        for written in [
            "030 123456",
            "(030) 12 34-56",
            "+49 30 123456",
            "0049 30/123456",
            "+49 (0) 30 123456",
            "'030123456",
            "0049(0)30123456",
        ] {
            assert_eq!(phone(written, &germany()).as_deref(), Some("+4930123456"), "{written}");
        }
        assert_eq!(phone("+86 138 0013 8000", &germany()).as_deref(), Some("+8613800138000"));
    }

    #[test]
    fn what_may_be_another_number_is_none() {
        // Without the trunk prefix it may be a number of the same town, or one with its country and no plus.
        for written in [
            "(0)0",
            "(0)0 49 30",
            "123456",
            "4930123456",
            "030 123456 ext 7",
            "CALL-ME",
            "",
            "+",
            "+0491234567",
            "00",
            "0301",
            "+1234567890123456",
        ] {
            assert_eq!(phone(written, &germany()), None, "{written}");
        }
        let unknown = Dialling { country: String::new(), ..germany() };
        assert_eq!(phone("030 123456", &unknown), None);
        assert_eq!(phone("0049 30 123456", &unknown).as_deref(), Some("+4930123456"));
        let without_trunk = Dialling { country: "45".into(), trunk: String::new(), international: "00".into() };
        assert_eq!(phone("32 12 34 56", &without_trunk).as_deref(), Some("+4532123456"));
    }

    #[test]
    fn addresses_are_compared_without_case_and_blanks() {
        assert_eq!(email("  Ann.Lee+Shop@Example.COM "), Some("ann.lee+shop@example.com".into()));
        for written in
            ["", "ann", "@example.com", "ann@", "ann@example", "ann@example..com", "a@b@c.de", "ann lee@example.com"]
        {
            assert_eq!(email(written), None, "{written}");
        }
    }
}
