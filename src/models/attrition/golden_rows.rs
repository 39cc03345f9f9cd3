//! Rows for the tests that a line of Python makes again: the golden numbers beside them are of other people's code.

/// Knuth and Lewis's generator `x -> 1664525 x + 1013904223 (mod 2^32)`, of which the upper 24 bits count.
pub(super) struct Lcg(pub u32);

impl Lcg {
    /// A number in `[0, 1)`.
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / f64::from(1 << 24)
    }
}

/// Probabilities in fiftieths, with many ties, and what became of the customers.
pub(super) fn tied(rows: usize) -> (Vec<f64>, Vec<bool>) {
    let mut lcg = Lcg(7);
    let row = |_| {
        let p = ((lcg.uniform() * 40.0).floor() + 1.0) / 50.0;
        (p, lcg.uniform() < 0.1 + 0.6 * p)
    };
    (0..rows).map(row).unzip()
}

/// Probabilities without ties, which promise too much: the true ones are their squares.
pub(super) fn untied(rows: usize) -> (Vec<f64>, Vec<bool>) {
    let mut lcg = Lcg(11);
    let row = |_| {
        let p = 0.01 + 0.98 * lcg.uniform();
        (p, lcg.uniform() < p * p)
    };
    (0..rows).map(row).unzip()
}

/// Whether two numbers agree to a relative and absolute `tolerance`.
#[track_caller]
pub(super) fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{found} is not {expected}");
}
