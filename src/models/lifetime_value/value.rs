//! What a customer will spend within a horizon, as a distribution: how many purchases, times what they are worth.
//!
//! Given `n` purchases of a customer with `x` repeat purchases of the mean `m`, their sum in units of `gamma + xm` is
//! beta-prime distributed with `pn` and `b = px + q` ([`super::gamma_gamma`]). So nothing but `x` and `n` is in its
//! distribution, which is tabulated once for an `x` ([`ValueGrid`]), mixed over the probabilities of `n` once for an `x`
//! and a `T` ([`Mixture`]), and read for each customer.
//!
//! The tables are over `w = ln v` at distances of a fifth of the smallest standard deviation, with densities. Distribution
//! functions are sums of densities with the correction of Euler and Maclaurin, and are read by cubic Hermite interpolation:
//! both are off by less than 1e-5 in probability, which the tests check against the incomplete beta function. Beyond the
//! table (1e-7 on either side) tails are powers of `v`.

use statrs::function::beta::ln_beta;

use super::gamma_gamma::GammaGamma;

/// Cells in the smallest standard deviation of `ln v`.
const FINENESS: f64 = 5.0;

/// What is left out of the table at either end.
const OUTSIDE: f64 = 1e-7;

/// Most points of a table.
const MOST_POINTS: f64 = 4096.0;

/// Every number of purchases has its own distribution up to this; beyond, every n-th of `n / DENSE`, and probabilities in
/// between are split such that the mean is kept.
const DENSE: usize = 32;

/// Distributions of the value of `n` purchases, for customers with one `x`, in units of `gamma + xm`.
#[derive(Debug, Clone)]
pub struct ValueGrid {
    /// `p` of the model, and `b = px + q`.
    p: f64,
    degrees: f64,
    /// `ln v` of the first point, and from one point to the next.
    from: f64,
    width: f64,
    points: usize,
    /// Numbers of purchases that have a distribution, rising from 1.
    numbers: Vec<usize>,
    /// Densities of `ln v` and distribution functions, number by number.
    densities: Vec<f64>,
    below: Vec<f64>,
}

/// The distribution of the value of a living customer's purchases.
#[derive(Debug, Clone)]
pub struct Mixture {
    /// Probability of no purchase, thus of a value of 0.
    none: f64,
    /// Densities and distribution function (without what is at 0) at the points of the grid.
    density: Vec<f64>,
    below: Vec<f64>,
}

/// Numbers up to `most`: all, then ever fewer.
fn numbers(most: usize) -> Vec<usize> {
    let mut numbers = vec![1];
    let mut last = 1;
    while last < most {
        last = (last + (last / DENSE).max(1)).min(most);
        numbers.push(last);
    }
    numbers
}

impl ValueGrid {
    /// For customers with `frequency` repeat purchases who will make at most `most` more.
    pub fn new(model: &GammaGamma, frequency: u32, most: usize) -> Self {
        let (p, degrees) = (model.p, model.p * f64::from(frequency) + model.q);
        let numbers = numbers(most.max(1));
        let most = p * numbers[numbers.len() - 1] as f64;
        // I_y(a, b) <= y^a / (a B(a, b)) for b >= 1, and the same of the other tail.
        let ln_y = ((OUTSIDE.ln() + p.ln() + ln_beta(p, degrees)) / p).min(-0.7);
        let ln_rest = ((OUTSIDE.ln() + degrees.ln() + ln_beta(most, degrees)) / degrees).min(-0.01);
        let from = ln_y - (-ln_y.exp()).ln_1p();
        let to = (-ln_rest.exp()).ln_1p() - ln_rest;
        let deviation = (1.0 / degrees + 1.0 / most).sqrt();
        let points = ((to - from) * FINENESS / deviation).ceil().clamp(2.0, MOST_POINTS);
        let width = (to - from) / points;
        let points = points as usize + 1;
        let (mut densities, mut below) = (Vec::new(), Vec::new());
        for number in &numbers {
            let a = p * *number as f64;
            let ln_norm = ln_beta(a, degrees);
            // What is below the first point: a power, since there is next to nothing.
            let (mut sum, mut last) = (0.0, None);
            for point in 0..points {
                let w = from + width * point as f64;
                let (ln_y, ln_rest) = (-(-w).exp().ln_1p(), -w.exp().ln_1p());
                let density = (a * ln_y + degrees * ln_rest - ln_norm).exp();
                let slope = density * (a * ln_rest.exp() - degrees * ln_y.exp());
                sum += match last {
                    None => density / a,
                    Some((before, slope_before)) => {
                        width / 2.0 * (before + density) + width * width / 12.0 * (slope_before - slope)
                    }
                };
                last = Some((density, slope));
                densities.push(density);
                below.push(sum.clamp(0.0, 1.0));
            }
        }
        ValueGrid { p, degrees, from, width, points, numbers, densities, below }
    }

    /// The distribution for a customer whose probabilities of 0, 1, 2, ... purchases are `counts`. Numbers beyond the
    /// grid's count as its last.
    pub fn mixture(&self, counts: &[f64]) -> Mixture {
        let mut weights = vec![0.0; self.numbers.len()];
        let last = self.numbers.len() - 1;
        let mut at = 0;
        for (number, count) in counts.iter().enumerate().skip(1) {
            while at < last && self.numbers[at + 1] <= number {
                at += 1;
            }
            if at == last {
                weights[last] += count;
            } else {
                let (low, high) = (self.numbers[at], self.numbers[at + 1]);
                let share = (number - low) as f64 / (high - low) as f64;
                weights[at] += count * (1.0 - share);
                weights[at + 1] += count * share;
            }
        }
        let (mut density, mut below) = (vec![0.0; self.points], vec![0.0; self.points]);
        for (number, weight) in weights.into_iter().enumerate().filter(|(_, weight)| *weight > 1e-14) {
            let rows = number * self.points..(number + 1) * self.points;
            let add = |sums: &mut [f64], table: &[f64]| {
                sums.iter_mut().zip(table).for_each(|(sum, value)| *sum += weight * value);
            };
            add(&mut density, &self.densities[rows.clone()]);
            add(&mut below, &self.below[rows]);
        }
        Mixture { none: counts.first().copied().unwrap_or(1.0), density, below }
    }

    /// The value, in units of `gamma + xm`, below which it stays with the probability `level`, for a customer who is alive
    /// with `p_alive` and whose living future is a mixture of `parts` (a weight for each phase; they add up to 1).
    pub fn quantile(&self, parts: &[(f64, &Mixture)], p_alive: f64, level: f64) -> f64 {
        let sum = |of: &dyn Fn(&Mixture) -> f64| parts.iter().map(|(weight, part)| weight * of(part)).sum::<f64>();
        // Of the part that is not 0: P(alive) (none + below) = level - (1 - P(alive)).
        let wanted = (level - (1.0 - p_alive)) / p_alive - sum(&|part| part.none);
        if wanted.is_nan() || wanted <= 0.0 {
            return 0.0;
        }
        let below = |point: usize| sum(&|part: &Mixture| part.below[point]);
        let density = |point: usize| sum(&|part: &Mixture| part.density[point]);
        let (mut low, mut high) = (0, self.points - 1);
        if wanted <= below(low) {
            return (self.from + (wanted / below(low)).ln() * below(low) / density(low)).exp();
        }
        if wanted >= below(high) {
            let all = 1.0 - sum(&|part| part.none);
            let (rest, wanted_rest) = ((all - below(high)).max(1e-300), (all - wanted).max(1e-300));
            return (self.from + self.width * high as f64 + (rest / wanted_rest).ln().max(0.0) / self.degrees).exp();
        }
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if below(middle) <= wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        let place = cubic_root(
            [below(low) - wanted, below(high) - wanted],
            [density(low) * self.width, density(high) * self.width],
        );
        (self.from + self.width * (low as f64 + place)).exp()
    }

    /// Expected value, in units of `gamma + xm`, of `expected` purchases; none where the distribution has no mean.
    pub fn mean(&self, expected: f64) -> Option<f64> {
        (self.degrees > 1.0).then(|| self.p * expected / (self.degrees - 1.0))
    }

    /// Variance of the value, in units of `(gamma + xm)` squared, where `expected` purchases and `squared` of their square
    /// are expected (the chance of being dead included); none where the distribution has no variance.
    pub fn variance(&self, expected: f64, squared: f64) -> Option<f64> {
        if self.degrees <= 2.0 {
            return None;
        }
        let mean = self.mean(expected)?;
        let second = (self.p * self.p * squared + self.p * expected) / ((self.degrees - 1.0) * (self.degrees - 2.0));
        Some((second - mean * mean).max(0.0))
    }
}

/// Where between 0 and 1 the cubic with these values (below and above 0) and slopes at the ends is 0: Newton's steps, or
/// halves where they lead away.
fn cubic_root(values: [f64; 2], slopes: [f64; 2]) -> f64 {
    let [c, d] = [values[0], slopes[0]];
    let rise = values[1] - values[0];
    let (b, a) = (3.0 * rise - 2.0 * slopes[0] - slopes[1], slopes[0] + slopes[1] - 2.0 * rise);
    let (mut low, mut high) = (0.0, 1.0);
    let mut at = -values[0] / rise;
    for _ in 0..40 {
        let value = c + at * (d + at * (b + at * a));
        if value < 0.0 {
            low = at;
        } else {
            high = at;
        }
        let slope = d + at * (2.0 * b + at * 3.0 * a);
        let newton = at - value / slope;
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - at).abs() < 1e-12 {
            return next;
        }
        at = next;
    }
    at
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rand::SeedableRng;
    use rand_distr::{Beta, Distribution, Gamma};
    use statrs::function::beta::beta_reg;

    use super::super::bg_nbd::BgNbd;
    use super::super::process::PurchaseModel;
    use super::*;

    const LEVELS: [f64; 7] = [0.001, 0.05, 0.25, 0.5, 0.8, 0.95, 0.999];

    /// Probability of at most `v`, by the incomplete beta function.
    fn exactly(model: &GammaGamma, x: u32, counts: &[f64], p_alive: f64, v: f64) -> f64 {
        let b = model.p * f64::from(x) + model.q;
        let living: f64 = counts
            .iter()
            .enumerate()
            .map(|(n, count)| if n == 0 { *count } else { count * beta_reg(model.p * n as f64, b, v / (1.0 + v)) })
            .sum();
        1.0 - p_alive + p_alive * living
    }

    #[test]
    fn quantiles_are_where_the_distribution_function_says() {
        let mut worst = 0.0_f64;
        for (p, q) in [(6.25, 3.74), (0.3, 0.8), (40.0, 12.0), (2.0, 1.0)] {
            let model = GammaGamma { p, q, gamma: 15.4 };
            for x in [0, 1, 3, 20] {
                for t in [1.0, 39.0, 400.0] {
                    let process = BgNbd { regularity: 1, modified: true }.process(&[0.52, 6.18, 0.89, 1.61]);
                    let counts = process.outlook(x, 60.0, 0).distribution(t);
                    let grid = ValueGrid::new(&model, x, counts.len() - 1);
                    let mixture = grid.mixture(&counts);
                    for p_alive in [1.0, 0.4] {
                        for level in LEVELS {
                            let v = grid.quantile(&[(0.3, &mixture), (0.7, &mixture)], p_alive, level);
                            let none = 1.0 - p_alive * (1.0 - counts[0]);
                            if v == 0.0 {
                                assert!(level <= none + 1e-12);
                            } else {
                                assert!(level > none && v.is_finite());
                                let found = exactly(&model, x, &counts, p_alive, v);
                                // Numbers beyond 64 are split between neighbours.
                                let split = if counts.len() > 2 * DENSE { 1e-3 } else { 0.0 };
                                let error = (found - level).abs();
                                if error - split > worst { println!("{p} {q} {x} {t} {p_alive} {level} {error:e}"); }
                                worst = worst.max(error - split);
                            }
                        }
                    }
                }
            }
        }
        assert!(worst < 1e-5, "{worst}");
    }

    #[test]
    fn quantiles_are_those_of_simulated_customers() {
        let model = GammaGamma { p: 2.5, q: 3.2, gamma: 20.0 };
        let (x, p_alive) = (2, 0.8);
        let counts = [0.3, 0.25, 0.2, 0.1, 0.1, 0.05];
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        let rates = Gamma::new(model.p * f64::from(x) + model.q, 1.0).unwrap();
        let (alive, chance) = (Beta::new(1.0, 1.0).unwrap(), Beta::new(1.0, 1.0).unwrap());
        let total = 200_000;
        let mut values: Vec<f64> = (0..total)
            .map(|_| {
                let mut left: f64 = chance.sample(&mut random);
                let number = counts.iter().take_while(|count| { left -= **count; left > 0.0 }).count();
                if number == 0 || alive.sample(&mut random) > p_alive {
                    return 0.0;
                }
                Gamma::new(model.p * number as f64, 1.0 / rates.sample(&mut random)).unwrap().sample(&mut random)
            })
            .collect();
        values.sort_by(f64::total_cmp);
        let grid = ValueGrid::new(&model, x, counts.len() - 1);
        let mixture = grid.mixture(&counts);
        for level in LEVELS {
            let v = grid.quantile(&[(1.0, &mixture)], p_alive, level);
            let below = values.partition_point(|value| *value <= v) as f64 / f64::from(total);
            // Four standard errors.
            let error = 4.0 * (level * (1.0 - level) / f64::from(total)).sqrt();
            assert!(v == 0.0 && below >= level || (below - level).abs() < error, "{level}: {below}");
        }
        let moments = |power: i32| values.iter().map(|value| value.powi(power)).sum::<f64>() / f64::from(total);
        let expect = |power: i32| p_alive * (0..6).map(|n| f64::from(n).powi(power) * counts[n as usize]).sum::<f64>();
        let (mean, variance) = (grid.mean(expect(1)).unwrap(), grid.variance(expect(1), expect(2)).unwrap());
        assert!((moments(1) - mean).abs() < 4.0 * (variance / f64::from(total)).sqrt(), "{mean}");
        assert!(((moments(2) - moments(1).powi(2)) / variance - 1.0).abs() < 0.03, "{variance}");
    }

    #[test]
    fn no_moment_is_no_number() {
        let model = GammaGamma { p: 2.0, q: 0.9, gamma: 15.0 };
        assert_eq!(ValueGrid::new(&model, 0, 3).mean(1.0), None);
        assert_eq!(ValueGrid::new(&GammaGamma { q: 1.9, ..model }, 0, 3).variance(1.0, 2.0), None);
        assert_eq!(numbers(70)[60..], [61, 62, 63, 64, 66, 68, 70]);
    }
}
