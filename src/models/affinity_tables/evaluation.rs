//! The back-test as rows of `affinity_evaluation`.

use crate::models::affinity::recommend::{BackTest, Choice, List};
use crate::models::{Rows, Values};

/// What the rows of a list that could not be judged are said to be of: as many products as a list usually shows.
const USUAL_K: i64 = 10;

/// The rows of `affinity_evaluation`; none without lists. Every method of every list, and of a list that could not be judged the method that is
/// used all the same, with the reason and without figures.
pub(super) fn evaluation_rows(tested: Option<&BackTest>, horizon_days: u32) -> Rows {
    let rows = tested.map_or(&[][..], |tested| &tested.rows);
    let choices = tested.map_or(&[][..], |tested| &tested.choices);
    let cut_day = tested.map(|tested| tested.cut_day.into());
    let unjudged: Vec<&Choice> =
        choices.iter().filter(|choice| !rows.iter().any(|row| row.list == choice.list)).collect();
    let text = |of: &dyn Fn(List, &'static str, &str) -> String| {
        let judged = rows.iter().map(|row| of(row.list, row.method.name(), &row.reason));
        let others = unjudged.iter().map(|choice| of(choice.list, choice.method.name(), &choice.reason));
        Values::Text(judged.chain(others).map(|text| Some(text).filter(|text| !text.is_empty())).collect())
    };
    let figures: Vec<[f64; 9]> = rows
        .iter()
        .map(|row| {
            [row.precision, row.recall, row.ndcg, row.map, row.hit_rate, row.coverage, row.popularity, row.lo, row.hi]
        })
        .collect();
    let figure = |at: usize| {
        // Of nobody, nothing can be said.
        let judged = rows.iter().zip(&figures).map(|(row, figures)| Some(figures[at]).filter(|_| row.customers > 0));
        Values::Double(judged.chain(unjudged.iter().map(|_| None)).collect())
    };
    let customers = rows.iter().map(|row| Some(row.customers as i64));
    let ks = rows.iter().map(|row| Some(row.k as i64));
    let days = rows.iter().map(|_| cut_day);
    vec![
        text(&|list, _, _| list.name().to_owned()),
        Values::Whole(ks.chain(unjudged.iter().map(|_| Some(USUAL_K))).collect()),
        text(&|_, method, _| method.to_owned()),
        figure(0),
        figure(1),
        figure(2),
        figure(3),
        figure(4),
        figure(5),
        figure(6),
        figure(7),
        figure(8),
        Values::Whole(customers.chain(unjudged.iter().map(|_| Some(0))).collect()),
        Values::Boolean(rows.iter().map(|row| row.chosen).chain(unjudged.iter().map(|_| true)).map(Some).collect()),
        Values::Whole(days.chain(unjudged.iter().map(|_| None)).collect()),
        Values::Whole(vec![Some(horizon_days.into()); rows.len() + unjudged.len()]),
        text(&|_, _, reason| reason.to_owned()),
    ]
}
