//! Values as codes of one byte: 0 is "not known", 1 to 255 are bins of values in rising order.

use rayon::prelude::*;

use super::super::Features;

/// The code of a value that is not known.
pub(super) const UNKNOWN: u8 = 0;

/// As the border of a split: whatever is known goes left.
pub(super) const ALL_KNOWN: u8 = 255;

/// Codes of one feature: every code there can be.
pub(super) const CODES: usize = 256;

/// Customers' values as codes of a booster: what it scores and explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    /// By the booster's features; empty where no split asks for the feature.
    pub(in super::super) columns: Vec<Vec<u8>>,
    pub(in super::super) rows: usize,
}

impl Coded {
    /// How many customers.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// The borders between a feature's bins, rising, fewer than `bins`: `x <= cuts[k]` puts `x` into one of the first `k + 1`.
///
/// A bin for each different value where they fit. Otherwise bins of whole values and about as many rows each: every bin
/// takes values until it has its share of the rows that are left, so that a value with many rows gets a bin of its own and
/// the others share the rest. Borders lie half-way between neighbours. They depend on the values alone, not on their order.
pub(super) fn cuts(values: impl Iterator<Item = f64>, bins: usize) -> Vec<f64> {
    // -0 is 0: the bits that are sorted by would tell them apart.
    let mut keys: Vec<i64> = values.filter(|value| !value.is_nan()).map(|value| key(value + 0.0)).collect();
    keys.sort_unstable();
    let different: Vec<(f64, usize)> =
        keys.chunk_by(|one, other| one == other).map(|same| (value(same[0]), same.len())).collect();
    let between = |pair: &[(f64, usize)]| half_way(pair[0].0, pair[1].0);
    if different.len() <= bins {
        return different.windows(2).map(between).collect();
    }
    let mut cuts = Vec::with_capacity(bins - 1);
    let (mut rows_left, mut in_bin) = (keys.len(), 0);
    for pair in different.windows(2) {
        in_bin += pair[0].1;
        let bins_left = bins - cuts.len();
        if bins_left > 1 && in_bin * bins_left >= rows_left {
            cuts.push(between(pair));
            rows_left -= in_bin;
            in_bin = 0;
        }
    }
    cuts
}

/// Whole numbers in the order of `f64::total_cmp`, which are sorted twice as fast.
fn key(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

fn value(key: i64) -> f64 {
    f64::from_bits((key ^ ((key >> 63).cast_unsigned() >> 1).cast_signed()).cast_unsigned())
}

/// A number that is at least `low` and below `high`. Infinite values and neighbouring doubles have no middle: `low` then.
fn half_way(low: f64, high: f64) -> f64 {
    let middle = low + (high - low) / 2.0;
    if middle >= low && middle < high { middle } else { low }
}

/// The code of a value: 1 for the first bin.
pub(super) fn code(value: f64, cuts: &[f64]) -> u8 {
    if value.is_nan() {
        return UNKNOWN;
    }
    // At most 254 cuts, so that the last code is 255.
    (1 + cuts.partition_point(|cut| *cut < value)) as u8
}

/// The borders of every feature, from the rows to learn from.
pub(super) fn all_cuts(features: &Features, learned: &[u32], bins: usize) -> Vec<Vec<f64>> {
    (0..features.features().len())
        .into_par_iter()
        .map(|feature| {
            let column = features.column(feature);
            cuts(learned.iter().map(|row| column[*row as usize]), bins)
        })
        .collect()
}

/// The value of a border by its code: values up to it are of the codes 1 to `code`.
pub(super) fn border(code: u8, cuts: &[f64]) -> f64 {
    if code == ALL_KNOWN { f64::INFINITY } else { cuts[usize::from(code) - 1] }
}

/// A column as codes.
pub(super) fn encode(column: &[f64], cuts: &[f64]) -> Vec<u8> {
    column.par_iter().with_min_len(1 << 14).map(|value| code(*value, cuts)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(values: &[f64], bins: usize) -> Vec<u8> {
        let cuts = cuts(values.iter().copied(), bins);
        values.iter().map(|value| code(*value, &cuts)).collect()
    }

    #[test]
    fn every_value_has_a_bin_where_they_fit() {
        assert_eq!(codes(&[3.0, -1.0, f64::NAN, 3.0, 0.0, -0.0, 1e300], 255), [3, 1, 0, 3, 2, 2, 4]);
        assert_eq!(cuts([1.0, 2.0, 4.0].into_iter(), 255), [1.5, 3.0]);
    }

    #[test]
    fn infinite_and_neighbouring_values_stay_apart() {
        let next = f64::from_bits(1.0_f64.to_bits() + 1);
        assert_eq!(codes(&[f64::NEG_INFINITY, 1.0, next, f64::MAX, f64::INFINITY], 255), [1, 2, 3, 4, 5]);
        assert_eq!(codes(&[f64::NEG_INFINITY, f64::INFINITY], 255), [1, 2]);
        assert_eq!(codes(&[f64::MIN, f64::MAX], 2), [1, 2]);
    }

    #[test]
    fn bins_share_the_rows_and_a_heavy_value_has_its_own() {
        // 600 zeros and 400 different values in 5 bins: the zeros, then 100 values in each.
        let values: Vec<f64> = (0..1000).map(|row| f64::from((row - 599).max(0))).collect();
        let codes = codes(&values, 5);
        let sizes: Vec<usize> = (1..=5).map(|code| codes.iter().filter(|of| **of == code).count()).collect();
        assert_eq!(sizes, [600, 100, 100, 100, 100]);
    }

    #[test]
    fn no_more_codes_than_asked_for() {
        let values: Vec<f64> = (0..10_000).map(|row| (f64::from(row) * 0.37).sin()).collect();
        let codes = codes(&values, 255);
        let sizes: Vec<usize> = (1..=255).map(|code| codes.iter().filter(|of| **of == code).count()).collect();
        assert!(sizes.iter().all(|size| (39..=40).contains(size)), "{sizes:?}");
        assert!(cuts([].into_iter(), 255).is_empty());
        assert!(cuts([f64::NAN, 7.0, 7.0].into_iter(), 255).is_empty());
    }
}
