//! One record of a file, whatever the format: its fields, where its columns stand, where it stands itself.

use twox_hash::XxHash3_64;

/// The fields of one record, as text.
pub(super) trait Fields {
    /// A field by its position in the header; `None` when the record has no value there.
    fn get(&self, index: usize) -> Option<&str>;

    /// A hash of all fields and their names, whatever the order of the columns. `seeds` are those of the layout.
    fn identity(&self, seeds: &[u64]) -> u64 {
        seeds.iter().enumerate().fold(0, |sum: u64, (index, seed)| {
            // A missing field and an empty one differ.
            let hash = self.get(index).map_or(!*seed, |text| XxHash3_64::oneshot_with_seed(*seed, text.as_bytes()));
            sum.wrapping_add(hash)
        })
    }
}

/// Where the columns of the mapping stand in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// For each of the mapping's raw names, its field.
    pub fields: Vec<usize>,
    /// For each field of the file, a hash of its name.
    pub seeds: Vec<u64>,
    /// The same once more, for ids of 128 bits.
    pub more_seeds: Vec<u64>,
}

impl Layout {
    /// The layout of a file with these column names; `fields` are the places of the mapping's raw names among them.
    pub fn new(names: &[String], fields: Vec<usize>) -> Layout {
        let seeds = |seed: u64| names.iter().map(|name| XxHash3_64::oneshot_with_seed(seed, name.as_bytes())).collect();
        Layout { fields, seeds: seeds(1), more_seeds: seeds(2) }
    }
}

/// Where a record stands. Counted within its block until the block's place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// From 1.
    pub record: u64,
    /// From 1; 0 in formats without lines.
    pub line: u64,
    /// In the decompressed text.
    pub offset: Option<u64>,
}
