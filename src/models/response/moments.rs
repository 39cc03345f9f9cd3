//! Exact sums of whole numbers, of their squares and of their products.

/// Count, sum and sum of squares of whole numbers.
///
/// Sums are exact. So is [`Moments::centred`] while the count times the sum of squares stays below 1.7e38: ten million
/// customers of a hundred million each, in ten-thousandths; beyond that it is rounded like any other double.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moments {
    n: i128,
    sum: i128,
    squares: i128,
}

impl Moments {
    /// The moments of `values`, each once.
    pub fn of(values: impl IntoIterator<Item = i64>) -> Moments {
        let mut moments = Moments::default();
        for value in values {
            moments.add(value, 1);
        }
        moments
    }

    /// Adds `value`, `count` times.
    pub fn add(&mut self, value: i64, count: i64) {
        let (value, count) = (i128::from(value), i128::from(count));
        self.n += count;
        self.sum += value * count;
        self.squares += value * value * count;
    }

    /// Both together.
    pub fn plus(&self, other: &Moments) -> Moments {
        Moments { n: self.n + other.n, sum: self.sum + other.sum, squares: self.squares + other.squares }
    }

    /// How many values there are.
    pub fn n(&self) -> f64 {
        self.n as f64
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.sum as f64
    }

    /// Their mean; 0 of none.
    pub fn mean(&self) -> f64 {
        if self.n == 0 { 0.0 } else { self.sum as f64 / self.n as f64 }
    }

    /// The sum of squared distances from the mean.
    pub fn centred(&self) -> f64 {
        if self.n == 0 { 0.0 } else { exact_difference(self.n, self.squares, self.sum, self.sum) / self.n as f64 }
    }

    /// The variance with `n - 1` below the line; `None` of fewer than two values.
    pub fn variance(&self) -> Option<f64> {
        (self.n >= 2).then(|| self.centred() / (self.n - 1) as f64)
    }
}

/// Moments of pairs: what happened before, or below the line of a ratio (`x`), and the outcome (`y`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Joint {
    /// Moments of the first of each pair.
    pub x: Moments,
    /// Moments of the second.
    pub y: Moments,
    products: i128,
}

impl Joint {
    /// The moments of `pairs`, each once.
    pub fn of(pairs: impl IntoIterator<Item = (i64, i64)>) -> Joint {
        let mut joint = Joint::default();
        for (x, y) in pairs {
            joint.add(x, y, 1);
        }
        joint
    }

    /// Adds the pair, `count` times.
    pub fn add(&mut self, x: i64, y: i64, count: i64) {
        self.x.add(x, count);
        self.y.add(y, count);
        self.products += i128::from(x) * i128::from(y) * i128::from(count);
    }

    /// Both together.
    pub fn plus(&self, other: &Joint) -> Joint {
        Joint { x: self.x.plus(&other.x), y: self.y.plus(&other.y), products: self.products + other.products }
    }

    /// The sum of products of distances from the two means.
    pub fn cross(&self) -> f64 {
        let n = self.x.n;
        if n == 0 { 0.0 } else { exact_difference(n, self.products, self.x.sum, self.y.sum) / n as f64 }
    }

    /// The sum of squared distances of `y - slope * x` from its mean.
    pub fn centred_less(&self, slope: f64) -> f64 {
        let whole = self.y.centred() - 2.0 * slope * self.cross() + slope * slope * self.x.centred();
        whole.max(0.0)
    }
}

/// `n * products - left * right`, which would cancel in doubles.
fn exact_difference(n: i128, products: i128, left: i128, right: i128) -> f64 {
    match (n.checked_mul(products), left.checked_mul(right)) {
        (Some(all), Some(square)) => (all - square) as f64,
        _ => n as f64 * products as f64 - left as f64 * right as f64,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_variance_does_not_cancel() {
        // Money of a hundred million each that differs in the last digit: the variance is that of 0, 1, 2.
        let moments = Moments::of([1_000_000_000_000, 1_000_000_000_001, 1_000_000_000_002]);
        assert_eq!(moments.variance().unwrap(), 1.0);
        assert_eq!(Moments::of([5]).variance(), None);
        assert_eq!(Moments::default().mean(), 0.0);
    }

    #[test]
    fn counts_stand_for_rows() {
        let mut counted = Joint::default();
        counted.add(3, -7, 4);
        counted.add(0, 2, 1);
        let listed = Joint::of([(3, -7), (0, 2), (3, -7), (3, -7), (3, -7)]);
        assert_eq!(counted, listed);
        let parts = Joint::of([(3, -7), (0, 2)]).plus(&Joint::of([(3, -7); 3]));
        assert_eq!(parts, listed);
        // By hand: x is 3 four times and 0, y is -7 four times and 2.
        assert!((listed.cross() - -21.6).abs() < 1e-12);
        assert!((listed.centred_less(-3.0)).abs() < 1e-12);
    }
}
