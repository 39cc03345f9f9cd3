//! `[identity]`: prefixes of digits, and limits that let two customers be one person.

use super::super::Identity;
use super::super::mistake::Mistakes;
use super::at_least;

pub(super) fn validate(identity: &Identity, mistakes: &mut Mistakes<'_>) {
    for (name, digits) in [
        ("default_country_code", &identity.default_country_code),
        ("trunk_prefix", &identity.trunk_prefix),
        ("international_prefix", &identity.international_prefix),
    ] {
        if !digits.chars().all(|digit| digit.is_ascii_digit()) {
            mistakes.value(
                &["identity", name],
                format!("`{name}` is `{digits}`"),
                "write its digits alone, `49` for `+49`",
            );
        }
    }
    if identity.default_country_code.starts_with('0') || identity.default_country_code.len() > 3 {
        mistakes.value(
            &["identity", "default_country_code"],
            format!("`{}` is no calling code", identity.default_country_code),
            "a calling code has one to three digits and does not begin with 0",
        );
    }
    let path = ["identity", "max_customers_per_identifier"];
    at_least(mistakes, &path, identity.max_customers_per_identifier.into(), 2);
    at_least(mistakes, &["identity", "max_customers_per_person"], identity.max_customers_per_person.into(), 2);
}
