//! Pareto/NBD (Schmittlein, Morrison, Colombo 1987): gamma purchase rates, and gamma rates of leaving at any time.
//!
//! With `k = r + x` and the integral `I` over the unseen time of death ([`super::death`]):
//!
//! ```text
//! L = ln G(k) - ln G(r) + r ln alpha + s ln beta + logaddexp(-k ln(alpha+T) - s ln(beta+T), ln s + ln I)
//! ```
//!
//! A living customer has a purchase rate of shape `k` and inverse scale `alpha + T`, and a rate of leaving of shape `s` and
//! inverse scale `beta + T`, independent of each other: all of the [`Outlook`] follows from that.

use std::ops::Range;

use statrs::function::gamma::{digamma, ln_gamma};

use super::death::{Cells, Deaths, Density, GAUSS_12};
use super::fit::BOUNDARY;
use super::history::{Histories, History, add_up_tasks};
use super::outlook::Counts;
use super::process::{Effects, Outlook, Process, PurchaseModel};
use super::special::{integrate, log_odds, scaled_exponential_integral};

/// The Pareto/NBD model.
#[derive(Debug, Clone, Copy)]
pub struct ParetoNbd;

const R: usize = 0;
const ALPHA: usize = 1;
const S: usize = 2;
const BETA: usize = 3;

/// Most rows of one task: with cells, which are made anew for each, and without.
const ROWS_WITH_CELLS: usize = 16_384;
const ROWS_WITHOUT: usize = 1_024;

/// Rows that one task adds up.
struct Task {
    rows: Range<usize>,
    /// The places of the first and the last of their times, if the integrals come from the cells between.
    cells: Option<Range<usize>>,
}

/// Tasks of one `x` where that many histories have it that all integrals between times are cheaper than one for each of
/// them, and of any `x` otherwise.
fn tasks(histories: &Histories, recency_at: &[usize], age_at: &[usize]) -> Vec<Task> {
    let x = &histories.frequency.at;
    let mut tasks: Vec<Task> = Vec::new();
    let mut row = 0;
    while row < x.len() {
        let of_x = row..row + x[row..].partition_point(|other| *other == x[row]);
        let first = of_x.clone().map(|row| recency_at[histories.recency.at[row] as usize]).min().unwrap_or(0);
        let last = of_x.clone().map(|row| age_at[histories.age.at[row] as usize]).max().unwrap_or(0);
        let worth = last > first && of_x.len() > last - first;
        let most = if worth { ROWS_WITH_CELLS } else { ROWS_WITHOUT };
        for start in of_x.clone().step_by(most) {
            let rows = start..of_x.end.min(start + most);
            match tasks.last_mut() {
                Some(Task { rows: before, cells: None }) if !worth && before.len() + rows.len() <= most => {
                    before.end = rows.end;
                }
                _ => tasks.push(Task { rows, cells: worth.then_some(first..last) }),
            }
        }
        row = of_x.end;
    }
    tasks
}

/// All times that occur, rising, and the places of recencies and ages among them.
fn times(histories: &Histories) -> (Vec<f64>, Vec<usize>, Vec<usize>) {
    let mut times = [histories.recency.values.as_slice(), histories.age.values.as_slice()].concat();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let places = |values: &[f64]| values.iter().map(|value| times.partition_point(|time| time < value)).collect();
    let (recency_at, age_at) = (places(&histories.recency.values), places(&histories.age.values));
    (times, recency_at, age_at)
}

impl PurchaseModel for ParetoNbd {
    fn name(&self) -> &'static str {
        "pareto_nbd"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["r", "alpha", "s", "beta"]
    }

    fn scales(&self) -> &'static [usize] {
        &[ALPHA, BETA]
    }

    fn log_likelihood(&self, histories: &Histories, log_parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let [r, alpha, s, beta] = [R, ALPHA, S, BETA].map(|at| log_parameters[at].exp());
        let of_frequency: Vec<(f64, f64)> = histories
            .frequency
            .values
            .iter()
            .map(|x| (ln_gamma(r + x) - ln_gamma(r), digamma(r + x) - digamma(r)))
            .collect();
        let logarithms = |values: &[f64]| -> Vec<(f64, f64)> {
            values.iter().map(|value| ((alpha + value).ln(), (beta + value).ln())).collect()
        };
        let (ln_age, ln_recency) = (logarithms(&histories.age.values), logarithms(&histories.recency.values));
        let (times, recency_places, age_places) = times(histories);
        let tasks = tasks(histories, &recency_places, &age_places);
        let cells = tasks.iter().any(|task| task.cells.is_some()).then(|| Cells::new(alpha, beta, times));
        let (ln_s, start) = (s.ln(), r * alpha.ln() + s * beta.ln());
        add_up_tasks(&tasks, gradient, |task, gradient| {
            let spans = task
                .cells
                .clone()
                .zip(cells.as_ref())
                .map(|(range, cells)| cells.spans(range, r + histories.frequency.get(task.rows.start), s + 1.0));
            let (mut sum, mut by) = (0.0, [0.0; 4]);
            for row in task.rows.clone() {
                let count = histories.customers[row];
                let (age_at, recency_at) = (histories.age.at[row] as usize, histories.recency.at[row] as usize);
                let (age, recency) = (histories.age.values[age_at], histories.recency.values[recency_at]);
                let (of, by_r) = of_frequency[histories.frequency.at[row] as usize];
                let k = r + histories.frequency.get(row);
                let ((alpha_age, beta_age), (alpha_recency, beta_recency)) = (ln_age[age_at], ln_recency[recency_at]);
                let mut value = start + of - k * alpha_age - s * beta_age;
                let (mut dead, mut w_dead) = (Deaths::default(), 0.0);
                if age > recency {
                    dead = match &spans {
                        Some(spans) => spans.between(recency_places[recency_at], age_places[age_at]),
                        None => Density { alpha, beta, k, power: s + 1.0 }.integrals(recency, age - recency),
                    };
                    let fallen = k * (alpha_age - alpha_recency) + s * (beta_age - beta_recency);
                    let (added, weight) = log_odds(ln_s - beta_recency + dead.total.ln() + fallen);
                    value += added;
                    w_dead = weight;
                    dead = dead.times(w_dead / dead.total);
                }
                let w_alive = 1.0 - w_dead;
                sum += count * value;
                by[R] += count * (by_r + alpha.ln() - w_alive * alpha_age - dead.ln_alpha);
                by[ALPHA] += count * (r / alpha - k * (w_alive / (alpha + age) + dead.by_alpha));
                by[S] += count * (beta.ln() - w_alive * beta_age + w_dead / s - dead.ln_beta);
                by[BETA] += count * (s / beta - w_alive * s / (beta + age) - (s + 1.0) * dead.by_beta);
            }
            for (gradient, (by, parameter)) in gradient.iter_mut().zip(by.iter().zip([r, alpha, s, beta])) {
                *gradient += by * parameter;
            }
            sum
        })
    }

    fn starts(&self, histories: &Histories) -> Vec<Vec<f64>> {
        let longest = histories.age.values.last().copied().unwrap_or(1.0).max(f64::MIN_POSITIVE);
        [
            (1.0, longest / 10.0, 1.0, longest / 2.0),
            (0.5, longest / 4.0, 0.5, longest / 4.0),
            (2.0, longest / 3.0, 0.3, longest),
        ]
        .iter()
        .map(|(r, alpha, s, beta): &(f64, f64, f64, f64)| vec![r.ln(), alpha.ln(), s.ln(), beta.ln()])
        .collect()
    }

    fn collapses_to(&self, parameters: &[f64]) -> Option<&'static str> {
        let limit = BOUNDARY.exp();
        let [r, alpha, s, beta] = [R, ALPHA, S, BETA].map(|at| parameters[at]);
        // How often people leave while the mean purchase rate of a typical customer is learnt.
        if s < 1.0 / limit || s * alpha / beta < 1.0 / limit {
            Some("nbd")
        } else if s > limit {
            Some("one dropout rate for all")
        } else if r > limit {
            Some("one purchase rate for all")
        } else if r < 1.0 / limit {
            Some("two kinds of customers")
        } else {
            None
        }
    }

    fn effects(&self) -> Effects {
        Effects { rate: &[0.0, -1.0, 0.0, 0.0], dropout: &[0.0, 0.0, 0.0, -1.0] }
    }

    fn process(&self, parameters: &[f64]) -> Box<dyn Process> {
        let [r, alpha, s, beta] = [R, ALPHA, S, BETA].map(|at| parameters[at]);
        Box::new(Dying { r, alpha, s, beta })
    }
}

/// The model with parameters.
struct Dying {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

impl Process for Dying {
    fn p_alive(&self, history: &History) -> f64 {
        let silence = history.age - history.recency;
        if silence <= 0.0 {
            return 1.0;
        }
        let k = self.r + f64::from(history.frequency);
        let (alpha, beta) = (self.alpha + history.recency, self.beta + history.recency);
        let dead = Density { alpha, beta, k, power: self.s + 1.0 }.integrals(0.0, silence).total;
        let fallen = k * (silence / alpha).ln_1p() + self.s * (silence / beta).ln_1p();
        1.0 / (1.0 + ((self.s / beta * dead).ln() + fallen).exp())
    }

    fn outlook(&self, frequency: u32, age: f64, _phase: usize) -> Box<dyn Outlook> {
        Box::new(Living {
            events: Counts { shape: self.r + f64::from(frequency), scale: self.alpha + age },
            s: self.s,
            beta: self.beta + age,
        })
    }
}

/// A living customer: purchases come at one gamma distributed rate, and death at another.
struct Living {
    events: Counts,
    /// Shape of the rate of leaving.
    s: f64,
    /// Its inverse scale, `beta + T`.
    beta: f64,
}

impl Living {
    /// Nodes and weights of the time of death within `t`: panels that are short enough for the probability of any count,
    /// whose width in time is about `scale (1/shape + sqrt(z/shape))` where `z = u / (scale + u)`.
    fn deaths(&self, t: f64) -> Vec<(f64, f64)> {
        let Counts { shape, scale } = self.events;
        let near = scale.min(self.beta);
        let whole = (t / near).ln_1p();
        let (mut nodes, mut start) = (Vec::new(), 0.0);
        while start < whole {
            let u = near * f64::exp_m1(start);
            let z = u / (scale + u);
            let resolved = 3.0 * (scale + u) / (near + u) * (1.0 / shape + (z / shape).sqrt());
            let steepness = ((self.s + 1.0) * (near + u) / (self.beta + u) - 1.0).abs();
            let width = resolved.min(1.5).min(10.0 / steepness);
            let last = width >= whole - start;
            let half = if last { whole - start } else { width } / 2.0;
            for (node, weight) in GAUSS_12 {
                for node in [-node, node] {
                    let v = start + half * (1.0 + node);
                    let u = near * v.exp_m1();
                    let density = self.s / self.beta * (-(self.s + 1.0) * (u / self.beta).ln_1p()).exp();
                    nodes.push((u, weight * half * (near + u) * density));
                }
            }
            if last || self.p_alive_after(u) < 1e-18 {
                break;
            }
            start += width;
        }
        nodes
    }
}

impl Outlook for Living {
    fn time_scale(&self) -> f64 {
        self.events.scale.min(self.beta)
    }

    /// `k (beta+T)/(alpha+T) g` with `g` the integral of `(1+u)^-s` up to `t/(beta+T)`: `(1 - e^(-(s-1) q)) / (s-1)`, and
    /// its limit `q` at `s = 1`.
    fn expected(&self, t: f64) -> f64 {
        let (over, q) = (self.s - 1.0, (t / self.beta).ln_1p());
        let g = if over == 0.0 { q } else { -(-over * q).exp_m1() / over };
        self.events.shape * self.beta / self.events.scale * g
    }

    fn distribution(&self, t: f64) -> Vec<f64> {
        let survivors = self.p_alive_after(t);
        let mut counts: Vec<f64> =
            self.events.probabilities(t).into_iter().map(|probability| probability * survivors).collect();
        for (u, weight) in self.deaths(t) {
            let of_node = self.events.probabilities(u);
            if of_node.len() > counts.len() {
                counts.resize(of_node.len(), 0.0);
            }
            counts.iter_mut().zip(of_node).for_each(|(sum, probability)| *sum += weight * probability);
        }
        let mut left = 0.0;
        while let Some(last) = counts.last()
            && counts.len() > 1
            && left + last < 1e-13
        {
            left += last;
            counts.pop();
        }
        counts
    }

    fn p_none(&self, t: f64) -> f64 {
        let Counts { shape, scale } = self.events;
        let density = Density { alpha: scale, beta: self.beta, k: shape, power: self.s + 1.0 };
        let died_first = self.s / self.beta * density.integrals(0.0, t).total;
        (died_first + self.events.p_none(t) * self.p_alive_after(t)).min(1.0)
    }

    fn p_alive_after(&self, t: f64) -> f64 {
        (-self.s * (t / self.beta).ln_1p()).exp()
    }

    fn discounted(&self, rate: f64) -> f64 {
        let annuity = scaled_exponential_integral(self.s, rate * self.beta);
        self.events.shape * self.beta / self.events.scale * annuity
    }

    fn discounted_within(&self, t: f64, rate: f64) -> f64 {
        let scale = (self.beta / (self.s + 1.0)).min(if rate > 0.0 { 1.0 / rate } else { f64::INFINITY });
        let annuity = integrate(t, scale, |u| (-rate * u - self.s * (u / self.beta).ln_1p()).exp());
        self.events.shape / self.events.scale * annuity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_that_of_the_likelihood() {
        // Enough histories of one x that cells are used, and single ones.
        let mut histories: Vec<History> = Vec::new();
        for age in 20..30 {
            histories.push(History::new(0, 0.0, f64::from(age)));
            histories.extend((1..=age).map(|recency| History::new(2, f64::from(recency), f64::from(age))));
        }
        histories.extend([History::new(120, 27.5, 29.0), History::new(7, 20.0, 20.0)]);
        let histories = Histories::new(&histories);
        for parameters in [[0.55, 10.6, 0.61, 11.7], [2.0, 30.0, 1.0, 4.0], [0.05, 0.3, 9.0, 500.0]] {
            let at = parameters.map(f64::ln);
            let mut gradient = [0.0; 4];
            let value = ParetoNbd.log_likelihood(&histories, &at, &mut gradient);
            let alone: f64 = (0..histories.len())
                .map(|row| {
                    let one = Histories::counted(&[(histories.get(row), histories.customers[row])]);
                    ParetoNbd.log_likelihood(&one, &at, &mut [0.0; 4])
                })
                .sum();
            assert!((value - alone).abs() < 1e-12 * value.abs(), "{value} {alone}");
            for place in 0..4 {
                let beside = |by: f64| {
                    let mut moved = at;
                    moved[place] += by;
                    ParetoNbd.log_likelihood(&histories, &moved, &mut [0.0; 4])
                };
                let difference = (beside(1e-5) - beside(-1e-5)) / 2e-5;
                assert!(
                    (difference - gradient[place]).abs() < 1e-6 * gradient[place].abs().max(1.0),
                    "{parameters:?} {place}: {difference} {}",
                    gradient[place]
                );
            }
        }
    }
}
