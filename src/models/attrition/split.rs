//! Customers to folds, by nothing but who they are: all snapshots of one customer are in one fold.

/// SplitMix64's finaliser, so that any number will do for a customer: a hash, a code or a count.
///
/// # References
/// Steele, Lea & Flood (2014), OOPSLA, 453-472.
fn mixed(customer: u64) -> u64 {
    let mut z = customer.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The fold of a customer, below `folds`, which is at least 1.
pub fn fold_of(customer: u64, folds: u64) -> u64 {
    (mixed(customer) & 0xFFFF_FFFF) % folds.max(1)
}

/// Whether a customer is in a sample of about `share` of all, in 0..=1; independent of the folds.
pub fn is_sampled(customer: u64, share: f64) -> bool {
    ((mixed(customer) >> 32) as f64) < share * (1_u64 << 32) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_and_samples_are_even_and_independent() {
        let mut sizes = [[0_u32; 5]; 2];
        for customer in 0..100_000 {
            sizes[usize::from(is_sampled(customer, 0.3))][fold_of(customer, 5) as usize] += 1;
        }
        // Binomial: a standard deviation is 106 of 14,000 and 75 of 6,000.
        assert!(sizes[0].iter().all(|size| size.abs_diff(14_000) < 500), "{sizes:?}");
        assert!(sizes[1].iter().all(|size| size.abs_diff(6_000) < 350), "{sizes:?}");
        assert!(is_sampled(9, 1.0) && !is_sampled(9, 0.0));
    }
}
