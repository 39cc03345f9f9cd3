//! Which method would have listed what customers went on to buy (`spec/affinity.md` 2.6).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::best::{Best, Winner};
use super::calibration::{Curve, Seen};
use super::fitted::{Fitted, Fitting, Takers};
use super::metrics::{Marks, Mean, judge, mean};
use super::sheet::Sheet;
use super::snapshot::NEVER;
use super::{FitAgain, List, Market, Method, Options, Snapshot};
use crate::models::affinity::Incidence;

/// The lengths at which lists are judged.
const LENGTHS: [usize; 4] = [1, 5, 10, 20];
/// The length by which methods are chosen, among [`LENGTHS`].
const CHOSEN_AT: usize = 2;
/// Lists are made for at most so many customers, evenly spread over the numbers.
const MOST_CUSTOMERS: usize = 30_000;

/// How well a method's lists did.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationRow {
    /// What made the lists.
    pub method: Method,
    /// Of what.
    pub list: List,
    /// How long they are.
    pub k: usize,
    /// Share of the `k` that was bought.
    pub precision: f64,
    /// Share of what was bought that was listed.
    pub recall: f64,
    /// Normalised discounted cumulative gain.
    pub ndcg: f64,
    /// Mean average precision, divided by `min(k, relevant)`.
    pub map: f64,
    /// Share of customers with a hit.
    pub hit_rate: f64,
    /// Share of the eligible products that were listed to anyone.
    pub coverage: f64,
    /// Mean share of customers who had bought a listed product.
    pub popularity: f64,
    /// Lower end of the 95 % normal interval of nDCG.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Customers with something to find.
    pub customers: u64,
    /// Whether the method makes this list from now on.
    pub chosen: bool,
    /// Why, of the chosen method.
    pub reason: String,
}

/// The method of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The list.
    pub list: List,
    /// What makes it.
    pub method: Method,
    /// Why.
    pub reason: String,
}

/// The result of a back-test.
#[derive(Debug, Clone, PartialEq)]
pub struct BackTest {
    /// By list, length, method.
    pub rows: Vec<EvaluationRow>,
    /// The first day that was held back.
    pub cut_day: i32,
    /// Products that could be listed.
    pub products: usize,
    /// Customers who bought an eligible product before the cut and on or after it, among those looked at.
    pub customers: usize,
    /// One for each list.
    pub choices: [Choice; 3],
    /// What each score was worth.
    pub(super) curves: BTreeMap<(List, Method), Curve>,
    /// Every fall-back that was taken.
    pub notes: Vec<String>,
}

impl BackTest {
    /// The method of a list.
    pub fn method(&self, list: List) -> Method {
        self.choices[list as usize].method
    }

    /// What scores of a method in a list are worth.
    pub fn curve(&self, list: List, method: Method) -> Option<&Curve> {
        self.curves.get(&(list, method))
    }
}

/// The longest list that is judged.
const LONGEST: usize = LENGTHS[LENGTHS.len() - 1];
/// Customers are cut into so many pieces to be scored, or more.
const PIECES: usize = 32;
/// The most customers that are scored together.
const TOGETHER: usize = 1_024;

/// What is known of the days held back.
struct Trial<'a> {
    snapshot: Snapshot<'a>,
    /// Eligible products that each customer bought in them.
    bought: Incidence,
    /// Customers with a history that lists are made for.
    customers: Vec<u32>,
    /// Customers with a history.
    with_history: usize,
}

/// One customer's best of each list, in the order of [`List::ALL`].
type Lists = [Vec<Winner>; List::ALL.len()];

/// Takes the best of each list of some customers.
struct AllLists {
    /// Whether the method scores anything that a customer does not have.
    has_new: bool,
    best: Vec<[Best; List::ALL.len()]>,
}

impl Takers for AllLists {
    fn least(&self, at: usize) -> i64 {
        let of = |list: List| self.best[at][list as usize].least();
        if self.has_new { of(List::All).min(of(List::New)) } else { of(List::All) }
    }

    fn known(&mut self, at: usize, winner: Winner) {
        for list in [List::All, List::Again] {
            self.best[at][list as usize].offer(winner, || true);
        }
    }

    fn unknown(&mut self, at: usize, winner: Winner) -> bool {
        let mut offer = |list: List| self.best[at][list as usize].offer(winner, || true);
        offer(List::All) | (self.has_new && offer(List::New))
    }

    fn most(&self) -> usize {
        LONGEST
    }
}

/// One customer's list, its marks when there was something to find, and what its scores turned out to be worth.
type Made = (Vec<u32>, Option<[Marks; LENGTHS.len()]>, Vec<Seen>);

/// One method's lists, judged.
struct Judged {
    method: Method,
    list: List,
    /// Of each customer with something to find, at each length.
    marks: Vec<[Marks; LENGTHS.len()]>,
    coverage: [f64; LENGTHS.len()],
    popularity: [f64; LENGTHS.len()],
}

/// Holds back the last days, fits every method on what was before, and judges their lists.
///
/// Eligible are products with enough customers before the cut; only they are listed and only they count as found or
/// missed. Judged are customers who bought an eligible product before the cut and one that the list could have on or after
/// it. A list that a method cannot fill is filled by popularity. The method with the highest nDCG@10 wins, unless a simpler
/// one is within one standard error of the paired difference.
pub fn back_test(market: &Market<'_>, options: &Options, again: Option<FitAgain<'_>>) -> BackTest {
    let trial = Trial::new(market, options);
    let mut notes = Vec::new();
    let mut judged = Vec::new();
    let mut curves = BTreeMap::new();
    let mut methods = options.methods.clone();
    methods.sort_unstable();
    methods.dedup();
    if trial.customers.len() < trial.with_history {
        notes.push(format!(
            "back-test: lists are made for {} of {} customers, evenly spread",
            trial.customers.len(),
            trial.with_history
        ));
    }
    if !trial.customers.is_empty() {
        let mut fitting = Fitting::new(&trial.snapshot, options, again);
        for (at, method) in methods.iter().copied().enumerate() {
            let Some(fitted) = fitting.fit(method, &methods[at + 1..]) else { continue };
            let lists = trial.lists(&fitted);
            for list in List::ALL.into_iter().filter(|list| *list != List::New || !method.is_own()) {
                let (result, seen) = trial.judge(&fitted, list, &lists, options);
                judged.push(result);
                curves.insert((list, method), Curve::fit(seen, options));
            }
        }
        notes.append(&mut fitting.notes);
    }
    let choices = List::ALL.map(|list| choose(list, &judged, options));
    let mut rows = rows(&judged, &choices);
    rows.sort_by_key(|row| (row.list, row.k, row.method));
    let customers = trial.customers.iter().filter(|customer| !trial.bought.row(**customer as usize).is_empty()).count();
    BackTest {
        rows,
        cut_day: trial.snapshot.day,
        products: trial.snapshot.popular.len(),
        customers,
        choices,
        curves,
        notes,
    }
}

impl<'a> Trial<'a> {
    fn new(market: &'a Market<'a>, options: &Options) -> Trial<'a> {
        let days = i32::try_from(options.holdout_days).unwrap_or(i32::MAX);
        let cut = options.as_of_day.saturating_sub(days);
        let snapshot = Snapshot::before(cut, market, options);
        let held_back = market.purchases.iter().filter(|purchase| {
            (cut..options.as_of_day).contains(&purchase.day) && snapshot.eligible[purchase.product as usize]
        });
        let bought = Incidence::from_pairs(
            market.customers,
            market.products,
            held_back.map(|purchase| (purchase.customer, purchase.product)),
        );
        let with: Vec<u32> = (0u32..)
            .take(market.customers)
            .filter(|customer| !snapshot.histories.row(*customer as usize).is_empty())
            .collect();
        let taken = with.len().min(MOST_CUSTOMERS);
        let customers = (0..taken).map(|at| with[at * with.len() / taken]).collect();
        Trial { snapshot, bought, customers, with_history: with.len() }
    }

    /// The best of each list for every customer. Scores are worked out once for all lists.
    fn lists(&self, fitted: &Fitted) -> Vec<Lists> {
        let made: Vec<Vec<Lists>> = self
            .customers
            .par_chunks(self.customers.len().div_ceil(PIECES).clamp(1, TOGETHER))
            .map_init(
                || Sheet::new(self.snapshot.market.products),
                |sheet, customers| {
                    let best = || List::ALL.map(|_| Best::new(LONGEST));
                    let mut lists =
                        AllLists { has_new: !fitted.method.is_own(), best: customers.iter().map(|_| best()).collect() };
                    fitted.score(&self.snapshot, customers, sheet, &mut lists);
                    lists.best.into_iter().map(|best| best.map(|mut best| best.finish(LONGEST).to_vec())).collect()
                },
            )
            .collect();
        made.into_iter().flatten().collect()
    }

    /// Fills a list up by popularity. There is nothing left for one of bought products once all of them are in it.
    fn fill(&self, customer: u32, list: List, products: &mut Vec<u32>) {
        let snapshot = &self.snapshot;
        let history = snapshot.histories.row(customer as usize);
        let missing = LONGEST - products.len();
        let more: Vec<u32> = if list == List::Again {
            let mut rest: Vec<u32> = history.iter().copied().filter(|product| !products.contains(product)).collect();
            rest.sort_unstable_by_key(|product| (Reverse(snapshot.buyers[*product as usize]), *product));
            rest.truncate(missing);
            rest
        } else {
            let belongs = |product: &u32| list == List::All || history.binary_search(product).is_err();
            let rest = snapshot.popular.iter().copied().filter(|product| !products.contains(product));
            rest.filter(belongs).take(missing).collect()
        };
        products.extend(more);
    }

    /// Marks of those with something to find, and what each score turned out to be worth.
    fn judge(&self, fitted: &Fitted, list: List, lists: &[Lists], options: &Options) -> (Judged, Vec<Seen>) {
        let snapshot = &self.snapshot;
        let made: Vec<Made> = self
            .customers
            .par_iter()
            .zip(lists)
            .map(|(customer, best)| {
                let (customer, best) = (*customer, &best[list as usize]);
                let belongs = |product: u32| match list {
                    List::All => true,
                    List::Again => snapshot.has(customer, product),
                    List::New => !snapshot.has(customer, product),
                };
                let bought = self.bought.row(customer as usize);
                let last = snapshot.last_day[customer as usize];
                let idle = if last == NEVER { u32::MAX } else { snapshot.day.abs_diff(last) };
                let seen = best.iter().take(options.list_size).map(|winner| Seen {
                    score: winner.score as f64 / fitted.unit,
                    idle_days: idle,
                    was_bought: bought.binary_search(&winner.product).is_ok(),
                });
                let seen = seen.collect();
                let mut products: Vec<u32> = best.iter().map(|winner| winner.product).collect();
                if products.len() < LONGEST {
                    self.fill(customer, list, &mut products);
                }
                let relevant: Vec<u32> = bought.iter().copied().filter(|product| belongs(*product)).collect();
                let marks = (!relevant.is_empty()).then(|| LENGTHS.map(|k| judge(&products, &relevant, k)));
                (products, marks, seen)
            })
            .collect();
        let judged = made.iter().filter_map(|(products, marks, _)| marks.map(|marks| (products, marks)));
        let mut is_listed = vec![false; snapshot.market.products];
        let mut coverage = [0.0; LENGTHS.len()];
        let mut popularity = [0.0; LENGTHS.len()];
        let mut from = 0;
        for (at, k) in LENGTHS.into_iter().enumerate() {
            for (products, _) in judged.clone() {
                for product in products.iter().take(k).skip(from) {
                    is_listed[*product as usize] = true;
                }
            }
            from = k;
            let listed = is_listed.iter().filter(|is_listed| **is_listed).count();
            coverage[at] = listed as f64 / snapshot.popular.len().max(1) as f64;
            let shares = judged.clone().map(|(products, _)| {
                let share = |product: &u32| f64::from(snapshot.buyers[*product as usize]) / self.with_history as f64;
                let listed = products.iter().take(k);
                listed.clone().map(share).sum::<f64>() / listed.len().max(1) as f64
            });
            popularity[at] = mean(shares).mean;
        }
        let marks = judged.map(|(_, marks)| marks).collect();
        let result = Judged { method: fitted.method, list, marks, coverage, popularity };
        (result, made.into_iter().flat_map(|(_, _, seen)| seen).collect())
    }
}

impl Judged {
    fn mean(&self, at: usize, of: impl Fn(&Marks) -> f64 + Clone) -> Mean {
        mean(self.marks.iter().map(move |marks| of(&marks[at])))
    }
}

/// The best, or the simplest that cannot be told from it.
fn choose(list: List, judged: &[Judged], options: &Options) -> Choice {
    let rivals: Vec<&Judged> = judged.iter().filter(|judged| judged.list == list).collect();
    let ndcg = |judged: &Judged| judged.mean(CHOSEN_AT, |marks| marks.ndcg).mean;
    // Methods come from simple to involved: of equals the first is kept.
    let best = rivals.iter().copied().reduce(|best, next| if ndcg(next) > ndcg(best) { next } else { best });
    let customers = best.map_or(0, |best| best.marks.len());
    let Some(best) = best.filter(|_| customers >= options.min_test_customers.max(2)) else {
        let method = by_rule(list, &options.methods);
        let reason = format!("{customers} test customers are too few to choose by, {} is the rule", method.name());
        return Choice { list, method, reason };
    };
    let simplest = rivals.iter().copied().find(|rival| {
        let lead = best.marks.iter().zip(&rival.marks).map(|(a, b)| a[CHOSEN_AT].ndcg - b[CHOSEN_AT].ndcg);
        let lead = mean(lead);
        lead.mean <= lead.error
    });
    let simplest = simplest.unwrap_or(best);
    let reason = if simplest.method == best.method {
        format!("highest nDCG@10, {:.4}", ndcg(best))
    } else {
        format!(
            "simplest within one standard error of the highest nDCG@10: {:.4}, {} has {:.4}",
            ndcg(simplest),
            best.method.name(),
            ndcg(best)
        )
    };
    Choice { list, method: simplest.method, reason }
}

/// Without enough customers to judge by: what did well wherever it was judged.
fn by_rule(list: List, methods: &[Method]) -> Method {
    let wanted = if list == List::New { Method::CustomerLlr } else { Method::OwnDecayed };
    if methods.contains(&wanted) { wanted } else { Method::Popularity }
}

fn rows(judged: &[Judged], choices: &[Choice; 3]) -> Vec<EvaluationRow> {
    let row = |judged: &Judged, at: usize| {
        let choice = &choices[judged.list as usize];
        let chosen = choice.method == judged.method;
        let ndcg = judged.mean(at, |marks| marks.ndcg);
        EvaluationRow {
            method: judged.method,
            list: judged.list,
            k: LENGTHS[at],
            precision: judged.mean(at, |marks| marks.precision).mean,
            recall: judged.mean(at, |marks| marks.recall).mean,
            ndcg: ndcg.mean,
            map: judged.mean(at, |marks| marks.average_precision).mean,
            hit_rate: judged.mean(at, |marks| marks.hit).mean,
            coverage: judged.coverage[at],
            popularity: judged.popularity[at],
            lo: (ndcg.mean - 1.96 * ndcg.error).max(0.0),
            hi: (ndcg.mean + 1.96 * ndcg.error).min(1.0),
            customers: judged.marks.len() as u64,
            chosen,
            reason: if chosen { choice.reason.clone() } else { String::new() },
        }
    };
    judged.iter().flat_map(|judged| (0..LENGTHS.len()).map(move |at| row(judged, at))).collect()
}
