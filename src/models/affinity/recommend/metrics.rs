//! How well lists agree with what was bought (`spec/affinity.md` 2.5 and 2.6).

/// What one customer's list got.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Marks {
    pub precision: f64,
    pub recall: f64,
    pub ndcg: f64,
    pub average_precision: f64,
    pub hit: f64,
}

/// Judges the first `k` of a list against the products that were bought, which ascend and are not none.
///
/// Precision divides by `k` even when the list is shorter. nDCG has gains of 0 or 1, a discount of `1/log2(rank + 1)`, and
/// divides by the best that `min(k, relevant)` hits could have. Average precision divides by `min(k, relevant)`.
pub(super) fn judge(list: &[u32], relevant: &[u32], k: usize) -> Marks {
    let discount = |at: usize| 1.0 / ((at + 2) as f64).log2();
    let mut hits = 0.0;
    let (mut gained, mut precisions) = (0.0, 0.0);
    for (at, product) in list.iter().take(k).enumerate() {
        if relevant.binary_search(product).is_ok() {
            hits += 1.0;
            gained += discount(at);
            precisions += hits / (at + 1) as f64;
        }
    }
    let possible = k.min(relevant.len());
    let best: f64 = (0..possible).map(discount).sum();
    Marks {
        precision: hits / k as f64,
        recall: hits / relevant.len() as f64,
        ndcg: gained / best,
        average_precision: precisions / possible as f64,
        hit: if hits > 0.0 { 1.0 } else { 0.0 },
    }
}

/// A mean and its standard error: of a normal interval of 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mean {
    pub mean: f64,
    pub error: f64,
}

/// In the order given. No values: 0 and 0.
pub(super) fn mean(values: impl Iterator<Item = f64> + Clone) -> Mean {
    let count = values.clone().count() as f64;
    if count == 0.0 {
        return Mean { mean: 0.0, error: 0.0 };
    }
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
    let error = if count > 1.0 { (squares / (count - 1.0) / count).sqrt() } else { 0.0 };
    Mean { mean, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_worked_by_hand() {
        // Hits at ranks 1 and 3 of four relevant products; k = 3.
        let marks = judge(&[7, 1, 5, 9], &[2, 5, 7, 9], 3);
        assert!((marks.precision - 2.0 / 3.0).abs() < 1e-15);
        assert!((marks.recall - 0.5).abs() < 1e-15);
        let best = 1.0 + 1.0 / 3f64.log2() + 0.5;
        assert!((marks.ndcg - 1.5 / best).abs() < 1e-15);
        // (1/1 + 2/3) / min(3, 4)
        assert!((marks.average_precision - (1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-15);
        assert_eq!(marks.hit, 1.0);
        assert_eq!(judge(&[], &[1], 10), Marks::default());
    }

    #[test]
    fn error_of_a_mean() {
        let found = mean([1.0, 2.0, 3.0, 4.0].into_iter());
        assert!((found.mean - 2.5).abs() < 1e-15);
        assert!((found.error - (5.0f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
        assert_eq!(mean([].into_iter()), Mean { mean: 0.0, error: 0.0 });
        assert_eq!(mean([3.0].into_iter()), Mean { mean: 3.0, error: 0.0 });
    }
}
