//! What the engine keeps for each table, and when it may let go of it.
//!
//! A view is read through: the folder below it must stay until the last view over it is forgotten, whatever was said of the
//! table itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A table's rows, when it has any of its own.
#[derive(Debug, Clone)]
struct Kept {
    folder: PathBuf,
    /// Whether the folder holds the published form, and is the run's and not ours to remove.
    is_published: bool,
}

#[derive(Debug, Default)]
struct Known {
    kept: Option<Kept>,
    /// Tables that are read whenever this one is.
    reads: BTreeSet<String>,
    forgotten: bool,
}

/// The tables of one engine.
#[derive(Debug, Default)]
pub(super) struct KnownTables {
    tables: BTreeMap<String, Known>,
}

impl KnownTables {
    /// `table` is computed from `reads` whenever it is read.
    pub fn define(&mut self, table: &str, reads: Vec<String>) {
        let known = Known { kept: None, reads: reads.into_iter().collect(), forgotten: false };
        self.tables.insert(table.to_owned(), known);
    }

    /// `table` has rows of its own from now on.
    pub fn keep(&mut self, table: &str, folder: PathBuf, is_published: bool) {
        let known = Known { kept: Some(Kept { folder, is_published }), ..Known::default() };
        self.tables.insert(table.to_owned(), known);
    }

    /// Where the rows of `table` are, and whether in their published form.
    pub fn place(&self, table: &str) -> Option<(PathBuf, bool)> {
        let kept = self.tables.get(table)?.kept.as_ref()?;
        Some((kept.folder.clone(), kept.is_published))
    }

    /// Nobody asks for `table` any more. Gives the folders that nothing needs now.
    pub fn forget(&mut self, table: &str) -> Vec<PathBuf> {
        if let Some(known) = self.tables.get_mut(table) {
            known.forgotten = true;
        }
        let mut gone = Vec::new();
        while let Some(name) = self.first_needless() {
            if let Some(Known { kept: Some(kept), .. }) = self.tables.remove(&name)
                && !kept.is_published
            {
                gone.push(kept.folder);
            }
        }
        gone
    }

    /// A forgotten table that no other reads.
    fn first_needless(&self) -> Option<String> {
        let read: BTreeSet<&String> = self.tables.values().flat_map(|known| &known.reads).collect();
        self.tables.iter().find(|(name, known)| known.forgotten && !read.contains(name)).map(|(name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        PathBuf::from(name)
    }

    #[test]
    fn a_folder_stays_while_a_view_is_read_through_it() {
        let mut tables = KnownTables::default();
        tables.keep("lines", folder("lines-0"), false);
        tables.define("net", vec!["lines".into()]);
        tables.define("gross", vec!["net".into()]);
        assert!(tables.forget("lines").is_empty());
        assert!(tables.forget("net").is_empty());
        assert_eq!(tables.forget("gross"), [folder("lines-0")]);
        assert!(tables.tables.is_empty());
    }

    #[test]
    fn what_was_computed_needs_its_sources_no_more() {
        let mut tables = KnownTables::default();
        tables.keep("lines", folder("lines-0"), false);
        tables.define("orders", vec!["lines".into()]);
        tables.keep("orders", folder("orders-1"), false);
        assert_eq!(tables.forget("lines"), [folder("lines-0")]);
        assert_eq!(tables.place("orders"), Some((folder("orders-1"), false)));
    }

    #[test]
    fn published_folders_are_the_runs() {
        let mut tables = KnownTables::default();
        tables.keep("customers", folder("tables/customers.parquet"), true);
        assert!(tables.forget("customers").is_empty());
        assert!(tables.tables.is_empty());
    }
}
