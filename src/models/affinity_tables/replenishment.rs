//! What a customer will buy again: the rhythm of products as rows, and the two lists of products bought before.

use super::offer_figures::ListCounts;
use super::offer_rows::{ListNo, ReasonNo, Rhythm, Row};
use crate::models::affinity::recommend::Method;
use crate::models::affinity::{Again, AgainStatus, Cycle, Purchase};
use crate::models::{Rows, Values};

/// The rows of `affinity_cycles`: every product that a known customer bought.
pub(super) fn cycle_rows(cycles: &[Cycle], ids: &[&str], bought: &[bool]) -> Rows {
    let kept: Vec<&Cycle> = cycles.iter().filter(|cycle| bought[cycle.product as usize]).collect();
    let doubles = |of: &dyn Fn(&Cycle) -> Option<f64>| {
        Values::Double(kept.iter().map(|cycle| of(cycle).filter(|value| value.is_finite())).collect())
    };
    let texts = |of: &dyn Fn(&Cycle) -> String| Values::Text(kept.iter().map(|cycle| Some(of(cycle))).collect());
    let wholes = |of: &dyn Fn(&Cycle) -> u64| Values::Whole(kept.iter().map(|cycle| Some(of(cycle) as i64)).collect());
    vec![
        texts(&|cycle| ids[cycle.product as usize].to_owned()),
        wholes(&|cycle| cycle.gaps),
        wholes(&|cycle| cycle.customers),
        doubles(&|cycle| cycle.q1_days),
        doubles(&|cycle| cycle.median_gap_days),
        doubles(&|cycle| cycle.q3_days),
        doubles(&|cycle| cycle.expected_gap_days),
        doubles(&|cycle| cycle.late_gap_days),
        doubles(&|cycle| Some(cycle.own_share)),
        texts(&|cycle| cycle.source.name().to_owned()),
    ]
}

/// How what was bought before is ordered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    /// The method that the back-test chose for what is bought again.
    pub method: Method,
    /// Days after which a purchase weighs half.
    pub half_life_days: f64,
    /// The first day that is not known.
    pub as_of_day: i32,
}

impl Order {
    /// The score of one product of one customer, who bought it on the days of `purchases`.
    pub(super) fn score(&self, again: &Again, purchases: &[Purchase]) -> f64 {
        match self.method {
            Method::OwnFrequency => purchases.len() as f64,
            Method::OwnDecayed => {
                let weight = |bought: &Purchase| (-f64::from(self.as_of_day - bought.day) / self.half_life_days).exp2();
                purchases.iter().map(weight).sum()
            }
            _ => again.probability,
        }
    }
}

/// The lists `replenish` and `win_back` of one customer, in the order of rows: of the products in `again` that are `offered`,
/// the `most` with the highest score of each list. What is cut is counted.
pub(super) fn own_lists(
    again: &[Again],
    purchases: &[Purchase],
    order: &Order,
    offered: &[bool],
    most: usize,
    counts: &mut ListCounts,
) -> Vec<Row> {
    let mut found: Vec<Row> = Vec::new();
    let mut rest = purchases;
    for again in again {
        let skipped = rest.partition_point(|bought| bought.product < again.product);
        let until = rest.partition_point(|bought| bought.product <= again.product);
        let days = &rest[skipped..until];
        rest = &rest[until..];
        let (list, reason) = match again.status {
            AgainStatus::NotDue => continue,
            AgainStatus::Due => (ListNo::Replenish, ReasonNo::Due),
            AgainStatus::Overdue => (ListNo::Replenish, ReasonNo::Overdue),
            AgainStatus::Lapsed => (ListNo::WinBack, ReasonNo::Lapsed),
        };
        let (Some(expected_day), Some(days_overdue)) = (again.due_day, again.days_overdue) else { continue };
        if !offered[again.product as usize] {
            continue;
        }
        found.push(Row {
            customer: again.customer,
            list,
            rank: 0,
            product: again.product,
            score: order.score(again, days),
            score_norm: 0,
            probability: Some(again.probability),
            method_no: super::recommendations::method_no(order.method),
            reason,
            evidence: [None; 3],
            rhythm: Some(Rhythm { expected_day, days_overdue, last_day: again.last_day, purchases: again.purchases }),
        });
    }
    // Equal scores in the order of the products: the sort is stable.
    found.sort_by(|a, b| a.list.cmp(&b.list).then(b.score.total_cmp(&a.score)));
    let mut listed = Vec::with_capacity(found.len());
    for list in found.chunk_by(|a, b| a.list == b.list) {
        if list.len() > most {
            counts.cut(list[0].list);
        }
        let best = list[0].score;
        for (rank, row) in (1..).zip(list.iter().take(most)) {
            let score_norm = if best > 0.0 { (100.0 * row.score / best).round() as i32 } else { 0 };
            listed.push(Row { rank, score_norm, ..*row });
        }
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(product: u32, status: AgainStatus, purchases: u32, probability: f64) -> Again {
        Again {
            customer: 0,
            product,
            purchases,
            last_day: 90,
            expected_gap_days: Some(10.0),
            due_day: Some(100),
            days_overdue: Some(0),
            probability,
            status,
        }
    }

    fn bought(product: u32, days: &[i32]) -> Vec<Purchase> {
        days.iter().map(|day| Purchase { customer: 0, product, day: *day }).collect()
    }

    #[test]
    fn lists_are_cut_after_what_is_not_offered_is_gone() {
        let rows = [
            again(0, AgainStatus::Due, 2, 0.9), // not offered
            again(1, AgainStatus::Due, 1, 0.2),
            again(2, AgainStatus::NotDue, 9, 0.8),
            again(3, AgainStatus::Overdue, 3, 0.4),
            again(4, AgainStatus::Lapsed, 2, 0.1),
            again(5, AgainStatus::Due, 1, 0.2),
        ];
        let purchases = [
            bought(0, &[80, 90]),
            bought(1, &[90]),
            bought(2, &[90]),
            bought(3, &[40, 60, 80]),
            bought(4, &[10, 20]),
            bought(5, &[90]),
        ]
        .concat();
        let offered = [false, true, true, true, true, true];
        let listed = |method: Method, most: usize| {
            let order = Order { method, half_life_days: 10.0, as_of_day: 100 };
            let mut counts = ListCounts::new();
            let rows = own_lists(&rows, &purchases, &order, &offered, most, &mut counts);
            rows.iter().map(|row| (row.list, row.rank, row.product, row.score_norm)).collect::<Vec<_>>()
        };
        let (replenish, win_back) = (ListNo::Replenish, ListNo::WinBack);
        assert_eq!(
            listed(Method::Replenishment, 2),
            [(replenish, 1, 3, 100), (replenish, 2, 1, 50), (win_back, 1, 4, 100)],
            "equal scores in the order of products"
        );
        // Product 3: 2^-2 + 2^-4 + 2^-6 = 0.328; product 1 was bought once, a half-life ago.
        assert_eq!(
            listed(Method::OwnDecayed, 3)[..2],
            [(replenish, 1, 1, 100), (replenish, 2, 5, 100)],
            "a purchase of yesterday weighs more than three of long ago"
        );
    }
}
