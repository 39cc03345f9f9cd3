//! The names of rows that others refer to.

/// The id of a pair or rule, the same in every run: 16 hexadecimal digits of BLAKE3 over the parts, each after its length, so
/// that no two lists of parts read the same.
pub fn rule_id(level: &str, granularity: &str, relation: &str, a: &str, b: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [level, granularity, relation, a, b] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut id = hasher.finalize().to_hex().to_string();
    id.truncate(16);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_rules_do_not_change() {
        let id = rule_id("basket", "product", "complement", "85123A", "22423");
        assert_eq!(id, "3c1a1e32559730cd");
        assert_ne!(
            rule_id("basket", "product", "complement", "a|b", "c"),
            rule_id("basket", "product", "complement", "a", "b|c")
        );
    }
}
