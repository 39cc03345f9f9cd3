//! Names that somebody mistyped: the valid one that was meant.

/// Likeness (Jaro-Winkler) above which a name is worth suggesting: a letter or two off.
const LIKENESS: f64 = 0.7;

/// The valid name nearest to `name`, when one is near; of several, the first given.
pub(crate) fn nearest<'n>(name: &str, valid: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted = name.to_lowercase();
    valid
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > LIKENESS)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, candidate)| candidate)
}

/// A hint for a name that is not among the valid ones: the nearest, or all of them.
pub(crate) fn suggest(name: &str, valid: &[&str]) -> String {
    match nearest(name, valid.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("use {}", one_of(valid)),
    }
}

/// `` `a`, `b` or `c` ``.
pub(crate) fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing here".to_owned(),
        [only] => format!("`{only}`"),
        [most @ .., last] => format!("`{}` or `{last}`", most.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_only_when_it_is_near() {
        assert_eq!(suggest("custmer_id", &["order_id", "customer_id"]), "did you mean `customer_id`?");
        assert_eq!(suggest("zzz", &["a", "b", "c"]), "use `a`, `b` or `c`");
    }
}
