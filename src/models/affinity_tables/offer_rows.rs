//! Lists of customers as columns, and the rules that gave their rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array};
use arrow::buffer::NullBuffer;

use crate::models::affinity::rule_id;
use crate::models::{Rows, Values};

/// What stands for nothing in a column of whole numbers until it becomes a null.
const NOTHING: i32 = i32::MIN;

/// A list of a customer, by the number that its name has in the order of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ListNo {
    CrossSell = 1,
    Replenish = 2,
    WinBack = 3,
}

impl ListNo {
    pub(super) fn name(self) -> &'static str {
        match self {
            ListNo::CrossSell => "cross_sell",
            ListNo::Replenish => "replenish",
            ListNo::WinBack => "win_back",
        }
    }
}

/// Why a product is in a list, by the number that `affinity_ptc.sql` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ReasonNo {
    BecauseBought = 1,
    PopularInCategory = 2,
    Popular = 3,
    Due = 4,
    Overdue = 5,
    Lapsed = 6,
}

impl ReasonNo {
    fn name(self) -> &'static str {
        match self {
            ReasonNo::BecauseBought => "because_bought",
            ReasonNo::PopularInCategory => "popular_in_category",
            ReasonNo::Popular => "popular",
            ReasonNo::Due => "due",
            ReasonNo::Overdue => "overdue",
            ReasonNo::Lapsed => "lapsed",
        }
    }
}

/// One product in one list of one customer, by numbers from 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub customer: u32,
    pub list: ListNo,
    pub rank: u32,
    pub product: u32,
    pub score: f64,
    pub score_norm: i32,
    pub probability: Option<f64>,
    pub method_no: i32,
    pub reason: ReasonNo,
    pub evidence: [Option<(u32, f64)>; 3],
    pub rhythm: Option<Rhythm>,
}

/// What is known of a product that the customer bought before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    pub expected_day: i32,
    pub days_overdue: i32,
    pub last_day: i32,
    pub purchases: u32,
}

/// The columns of `customer_offers`, row by row in its order.
pub(super) struct OfferRows<'a> {
    ids: &'a [&'a str],
    margins_e4: &'a [Option<i64>],
    rules: HashMap<(ListNo, ReasonNo, u32, Option<u32>), i32>,
    rule_ids: Vec<String>,
    customer: Vec<i32>,
    list: Vec<i32>,
    rank: Vec<i32>,
    product: Vec<i32>,
    score: Vec<f64>,
    score_norm: Vec<i32>,
    probability: Vec<f64>,
    method: Vec<i32>,
    reason: Vec<i32>,
    evidence: [Vec<i32>; 3],
    shares: [Vec<f64>; 3],
    expected: Vec<i32>,
    overdue: Vec<i32>,
    last: Vec<i32>,
    purchases: Vec<i64>,
    margin_e4: Vec<i64>,
    rule: Vec<i32>,
}

impl<'a> OfferRows<'a> {
    /// No rows yet, of products with these ids and margins of one unit, in ten-thousandths.
    pub(super) fn new(ids: &'a [&'a str], margins_e4: &'a [Option<i64>]) -> Self {
        OfferRows {
            ids,
            margins_e4,
            rules: HashMap::new(),
            rule_ids: Vec::new(),
            customer: Vec::new(),
            list: Vec::new(),
            rank: Vec::new(),
            product: Vec::new(),
            score: Vec::new(),
            score_norm: Vec::new(),
            probability: Vec::new(),
            method: Vec::new(),
            reason: Vec::new(),
            evidence: [const { Vec::new() }; 3],
            shares: [const { Vec::new() }; 3],
            expected: Vec::new(),
            overdue: Vec::new(),
            last: Vec::new(),
            purchases: Vec::new(),
            margin_e4: Vec::new(),
            rule: Vec::new(),
        }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: &Row) {
        self.customer.push(number(row.customer));
        self.list.push(row.list as i32);
        self.rank.push(row.rank as i32);
        self.product.push(number(row.product));
        self.score.push(row.score);
        self.score_norm.push(row.score_norm);
        self.probability.push(row.probability.unwrap_or(f64::NAN));
        self.method.push(row.method_no);
        self.reason.push(row.reason as i32);
        for (at, evidence) in row.evidence.iter().enumerate() {
            self.evidence[at].push(evidence.map_or(NOTHING, |(product, _)| number(product)));
            self.shares[at].push(evidence.map_or(f64::NAN, |(_, share)| share));
        }
        self.expected.push(row.rhythm.map_or(NOTHING, |rhythm| rhythm.expected_day));
        self.overdue.push(row.rhythm.map_or(NOTHING, |rhythm| rhythm.days_overdue));
        self.last.push(row.rhythm.map_or(NOTHING, |rhythm| rhythm.last_day));
        self.purchases.push(row.rhythm.map_or(0, |rhythm| rhythm.purchases.into()));
        let margin = row.probability.zip(self.margins_e4[row.product as usize]);
        self.margin_e4
            .push(margin.map_or(i64::MIN, |(probability, margin)| (probability * margin as f64).round() as i64));
        let rule = self.rule(row);
        self.rule.push(rule);
    }

    /// The number of the rule of a row: list, reason, product, and what speaks most for it.
    fn rule(&mut self, row: &Row) -> i32 {
        let because = row.evidence[0].map(|(product, _)| product);
        let next = self.rule_ids.len() as i32 + 1;
        let (ids, rule_ids) = (self.ids, &mut self.rule_ids);
        *self.rules.entry((row.list, row.reason, row.product, because)).or_insert_with(|| {
            let of = because.map_or("", |product| ids[product as usize]);
            rule_ids.push(rule_id("customer", row.list.name(), row.reason.name(), of, ids[row.product as usize]));
            next
        })
    }

    /// The rows of `customer_offers` and of `offer_rules`.
    pub(super) fn finish(self) -> (Rows, Rows) {
        let [evidence_1, evidence_2, evidence_3] = self.evidence;
        let [share_1, share_2, share_3] = self.shares;
        let rules = (1..=self.rule_ids.len() as i32).collect();
        let offers = vec![
            integers(self.customer),
            integers(self.list),
            integers(self.rank),
            integers(self.product),
            doubles(self.score),
            integers(self.score_norm),
            doubles(self.probability),
            integers(self.method),
            integers(self.reason),
            integers(evidence_1),
            integers(evidence_2),
            integers(evidence_3),
            doubles(share_1),
            doubles(share_2),
            doubles(share_3),
            integers(self.expected),
            integers(self.overdue),
            integers(self.last),
            Values::Array(Arc::new(Int64Array::from(self.purchases))),
            bigints(self.margin_e4),
            integers(self.rule),
        ];
        (offers, vec![integers(rules), Values::Text(self.rule_ids.into_iter().map(Some).collect())])
    }
}

/// Numbers of tables begin with 1.
pub(super) fn number(index: u32) -> i32 {
    i32::try_from(index + 1).unwrap_or(i32::MAX)
}

/// A column of whole numbers; [`NOTHING`] is null.
pub(super) fn integers(values: Vec<i32>) -> Values {
    let nulls: NullBuffer = values.iter().map(|value| *value != NOTHING).collect();
    Values::Array(Arc::new(Int32Array::new(values.into(), some(nulls))) as ArrayRef)
}

/// A column of wide whole numbers; the least one is null.
pub(super) fn bigints(values: Vec<i64>) -> Values {
    let nulls: NullBuffer = values.iter().map(|value| *value != i64::MIN).collect();
    Values::Array(Arc::new(Int64Array::new(values.into(), some(nulls))) as ArrayRef)
}

/// A column of doubles; what is no number is null.
pub(super) fn doubles(values: Vec<f64>) -> Values {
    let nulls: NullBuffer = values.iter().map(|value| !value.is_nan()).collect();
    Values::Array(Arc::new(Float64Array::new(values.into(), some(nulls))) as ArrayRef)
}

fn some(nulls: NullBuffer) -> Option<NullBuffer> {
    (nulls.null_count() > 0).then_some(nulls)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::Array;

    use super::*;

    fn row(product: u32, because: Option<u32>) -> Row {
        Row {
            customer: 0,
            list: ListNo::CrossSell,
            rank: 1,
            product,
            score: 1.0,
            score_norm: 100,
            probability: Some(0.25),
            method_no: 1,
            reason: ReasonNo::BecauseBought,
            evidence: [because.map(|product| (product, 0.5)), None, None],
            rhythm: None,
        }
    }

    #[test]
    fn a_rule_has_one_number_and_an_id_that_does_not_depend_on_the_others() {
        let margins = [Some(10_000), None, Some(3)];
        let ids = |rows: &[Row]| {
            let mut offers = OfferRows::new(&["a", "b", "ab"], &margins);
            rows.iter().for_each(|row| offers.push(row));
            let (_, rules) = offers.finish();
            match &rules[1] {
                Values::Text(ids) => ids.iter().flatten().cloned().collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            }
        };
        let all = ids(&[row(1, Some(0)), row(2, None), row(1, Some(0)), row(2, Some(0))]);
        assert_eq!(all.len(), 3, "the third row is of the first one's rule");
        assert_eq!(ids(&[row(2, Some(0))])[0], all[2]);
    }

    #[test]
    fn what_is_not_known_is_null() {
        let margins = [Some(10_002), None];
        let mut offers = OfferRows::new(&["a", "b"], &margins);
        offers.push(&row(0, None));
        offers.push(&row(1, Some(0)));
        let (rows, _) = offers.finish();
        let nulls: Vec<usize> = rows
            .iter()
            .map(|column| match column {
                Values::Array(array) => array.null_count(),
                other => panic!("{other:?}"),
            })
            .collect();
        // Evidence of the first row, the other two of both, dates of both, and a margin that nobody knows.
        assert_eq!(nulls, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 1, 2, 2, 2, 2, 2, 0, 1, 0]);
        let Values::Array(margin) = &rows[19] else { panic!() };
        let margin = margin.as_any().downcast_ref::<Int64Array>().unwrap();
        assert_eq!(margin.value(0), 2_501, "a quarter of 1.0002, rounded");
    }
}
