//! Gaps between purchases of a product, and the expected gap of a product and of a customer with it.
//!
//! Logarithms of gaps: `y = all + category + product + customer + rest`, each level normal around the one above. The
//! variances are estimated by moments from the bottom up: the rest from customers with two gaps or more, then the
//! variance of customers around their product, of products around their category and of categories, each as the excess of
//! the weighted sum of squares over what sampling explains (DerSimonian & Laird 1986, summed over the parents). Means are
//! weighted by the inverse of their variance, then shrunk from the top down: `B own + (1 - B) above` with
//! `B = between / (between + sampling)`. The exponential of a mean is a median of days.
//!
//! Open gaps are not in here: this is *when* those come back who do. Whether they do is the curve's.

use super::super::purchases::Purchase;
use super::{Categories, Cycle, CycleSource};

/// Standard normal: 19 of 20 are below.
const LATE: f64 = 1.644_853_626_951_472_7;

/// When a customer is expected back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gap {
    /// Median days.
    pub(super) expected: f64,
    /// 19 of 20 come within.
    pub(super) late: f64,
}

/// A mean with the variance that it has from sampling; an infinite variance says nothing is known.
#[derive(Debug, Clone, Copy)]
struct Mean {
    mean: f64,
    variance: f64,
}

impl Mean {
    const UNKNOWN: Mean = Mean { mean: 0.0, variance: f64::INFINITY };

    /// Weight of this mean against those of a level above with this variance between.
    fn share(self, between: f64) -> f64 {
        if self.variance.is_finite() && between > 0.0 { between / (between + self.variance) } else { 0.0 }
    }

    fn toward(self, above: f64, between: f64) -> f64 {
        above + self.share(between) * (self.mean - above)
    }
}

/// What a product's gaps are like.
pub(super) struct Gaps {
    products: Vec<Product>,
    /// Variance of a gap's logarithm around its customer's mean.
    rest: f64,
    /// Variance of customers around their product.
    customers: f64,
    /// Whether there is a gap at all.
    any: bool,
}

struct Product {
    gaps: u64,
    customers: u64,
    quartiles: Option<[f64; 3]>,
    /// Mean logarithm, shrunk.
    mean: f64,
    own_share: f64,
    source: CycleSource,
}

/// Number and mean logarithm of one customer's gaps of a product.
#[derive(Clone, Copy)]
struct Own {
    product: u32,
    gaps: u32,
    mean: f64,
}

impl Gaps {
    /// From distinct purchases in order, as far as `before` a day.
    pub(super) fn new(purchases: &[Purchase], categories: &Categories, before: i32) -> Gaps {
        let products = categories.of.len();
        let mut lengths: Vec<Vec<u32>> = vec![Vec::new(); products];
        let mut owns: Vec<Own> = Vec::new();
        let (mut squares, mut freedom) = (0.0, 0_u64);
        for lines in purchases.chunk_by(|a, b| (a.customer, a.product) == (b.customer, b.product)) {
            let known = &lines[..lines.partition_point(|line| line.day < before)];
            if known.len() < 2 {
                continue;
            }
            let product = known[0].product;
            let own = own_mean(known);
            for pair in known.windows(2) {
                let gap = pair[1].day.abs_diff(pair[0].day);
                lengths[product as usize].push(gap);
                let deviation = f64::from(gap).ln() - own;
                squares += deviation * deviation;
            }
            let gaps = known.len() as u32 - 1;
            freedom += u64::from(gaps) - 1;
            owns.push(Own { product, gaps, mean: own });
        }
        let any = !owns.is_empty();
        let rest = if freedom > 0 { squares / freedom as f64 } else { 0.0 };
        // By product; within a product they stay in the order of customers.
        owns.sort_by_key(|own| own.product);

        let of_customer = |own: &Own| Mean { mean: own.mean, variance: rest / f64::from(own.gaps) };
        let by_product: Vec<(u32, Vec<Mean>)> = owns
            .chunk_by(|a, b| a.product == b.product)
            .map(|group| (group[0].product, group.iter().map(of_customer).collect()))
            .collect();
        let customers = between(by_product.iter().map(|(_, means)| means.as_slice()));
        let mut of_product = vec![Mean::UNKNOWN; products];
        for (product, means) in &by_product {
            of_product[*product as usize] = pooled(means, customers);
        }

        let mut members: Vec<Vec<Mean>> = vec![Vec::new(); categories.count];
        let mut alone = Vec::new();
        for (mean, category) in of_product.iter().zip(&categories.of) {
            if mean.variance.is_finite() {
                category.map_or(&mut alone, |category| &mut members[category as usize]).push(*mean);
            }
        }
        // Products without a category scatter around the mean of all.
        let within = between(members.iter().map(Vec::as_slice).chain([alone.as_slice()]));
        let of_category: Vec<Mean> = members.iter().map(|means| pooled(means, within)).collect();
        let known: Vec<Mean> = of_category.iter().copied().filter(|mean| mean.variance.is_finite()).collect();
        let among = between([known.as_slice()]);
        let tops: Vec<Mean> = known
            .iter()
            .copied()
            .chain(alone.iter().map(|mean| Mean { variance: mean.variance + within, ..*mean }))
            .collect();
        let all = pooled(&tops, among).mean;

        let products = lengths
            .into_iter()
            .zip(&of_product)
            .zip(&categories.of)
            .map(|((mut lengths, mean), category)| {
                let category = category.map_or(Mean::UNKNOWN, |category| of_category[category as usize]);
                let own_share = mean.share(within);
                lengths.sort_unstable();
                Product {
                    gaps: lengths.len() as u64,
                    customers: 0,
                    quartiles: (!lengths.is_empty()).then(|| [0.25, 0.5, 0.75].map(|at| quantile(&lengths, at))),
                    mean: mean.toward(category.toward(all, among), within),
                    own_share,
                    source: if own_share >= 0.5 {
                        CycleSource::Product
                    } else if category.share(among) >= 0.5 {
                        CycleSource::Category
                    } else {
                        CycleSource::All
                    },
                }
            })
            .collect();
        let mut gaps = Gaps { products, rest, customers, any };
        for (product, means) in &by_product {
            gaps.products[*product as usize].customers = means.len() as u64;
        }
        gaps
    }

    /// When a customer is expected back who bought a product on the days of `known`, of which there is one at least.
    pub(super) fn of(&self, known: &[Purchase]) -> Option<Gap> {
        let above = self.products[known[0].product as usize].mean;
        let own = if known.len() > 1 {
            Mean { mean: own_mean(known), variance: self.rest / (known.len() - 1) as f64 }
        } else {
            Mean::UNKNOWN
        };
        let unknown = self.customers * (1.0 - own.share(self.customers));
        self.any.then(|| self.gap(own.toward(above, self.customers), unknown))
    }

    fn gap(&self, mean: f64, unknown: f64) -> Gap {
        Gap { expected: mean.exp(), late: (mean + LATE * (unknown + self.rest).sqrt()).exp() }
    }

    /// One a product.
    pub(super) fn cycles(&self) -> Vec<Cycle> {
        let cycle = |(number, product): (usize, &Product)| {
            let gap = self.any.then(|| self.gap(product.mean, self.customers));
            let quartile = |at: usize| product.quartiles.map(|quartiles| quartiles[at]);
            Cycle {
                product: number as u32,
                gaps: product.gaps,
                customers: product.customers,
                q1_days: quartile(0),
                median_gap_days: quartile(1),
                q3_days: quartile(2),
                expected_gap_days: gap.map(|gap| gap.expected),
                late_gap_days: gap.map(|gap| gap.late),
                own_share: product.own_share,
                source: product.source,
            }
        };
        self.products.iter().enumerate().map(cycle).collect()
    }
}

/// Mean logarithm of the gaps between at least two days.
fn own_mean(known: &[Purchase]) -> f64 {
    let sum: f64 = known.windows(2).map(|pair| f64::from(pair[1].day.abs_diff(pair[0].day)).ln()).sum();
    sum / (known.len() - 1) as f64
}

/// Variance of true means around that of their group: the excess of the weighted squares, summed over groups.
fn between<'a>(groups: impl IntoIterator<Item = &'a [Mean]>) -> f64 {
    let (mut excess, mut scale) = (0.0, 0.0);
    for group in groups {
        if group.len() < 2 {
            continue;
        }
        // Without a variance from sampling all weigh alike, and there is nothing to take off.
        let sampled = group.iter().all(|mean| mean.variance > 0.0);
        let weight = |mean: &Mean| if sampled { mean.variance.recip() } else { 1.0 };
        let (sum, sum_of_squares) =
            group.iter().map(weight).fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        let center = group.iter().map(|mean| weight(mean) * mean.mean).sum::<f64>() / sum;
        let q: f64 = group.iter().map(|mean| weight(mean) * (mean.mean - center).powi(2)).sum();
        excess += q - if sampled { (group.len() - 1) as f64 } else { 0.0 };
        scale += sum - sum_of_squares / sum;
    }
    if scale > 0.0 { (excess / scale).max(0.0) } else { 0.0 }
}

/// Mean of a group of which the members scatter with variance `between`.
fn pooled(group: &[Mean], between: f64) -> Mean {
    if group.is_empty() {
        return Mean::UNKNOWN;
    }
    // A variance of nothing at all would be an infinite weight: gaps are whole days.
    let weight = |mean: &Mean| (between + mean.variance).max(1e-6).recip();
    let sum: f64 = group.iter().map(weight).sum();
    Mean { mean: group.iter().map(|mean| weight(mean) * mean.mean).sum::<f64>() / sum, variance: sum.recip() }
}

/// Linear interpolation between the nearest of sorted numbers, of which there is one at least (numpy's default).
fn quantile(sorted: &[u32], at: f64) -> f64 {
    let place = at * (sorted.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let (low, high) = (f64::from(sorted[below]), f64::from(sorted[above]));
    low + (high - low) * (place - below as f64)
}
