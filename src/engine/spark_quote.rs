//! Names and texts as Spark's SQL writes them.

/// A name as Spark reads it whatever it is, with `spark.sql.ansi.doubleQuotedIdentifiers` or without.
pub fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A literal of text.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_cannot_leave_their_quotes() {
        assert_eq!(name("a`; DROP"), "`a``; DROP`");
        assert_eq!(literal("it's \\ here"), "'it\\'s \\\\ here'");
    }
}
