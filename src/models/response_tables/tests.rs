//! Waves by hand: what is withheld, what is left out, and what follows from a window that is not over.
#![allow(clippy::unwrap_used)]

use super::super::Values;
use super::*;

const PARAMS: Params = Params { confidence: 0.95, min_units: 50, narrowest_at: 5_000.0 };

/// `units` customers alike, who spent `revenue` after and `before` before, a third of it margin.
fn cell(arm: &'static str, units: i64, revenue: i64, before: i64) -> Cell<'static> {
    Cell {
        arm,
        tier: Some(1),
        region: "all/north",
        decile: 1,
        is_new: false,
        visited: revenue > 0,
        converted: revenue > 0,
        opted_out: false,
        complained: false,
        orders: i64::from(revenue > 0),
        revenue,
        margin: revenue / 3,
        visited_before: before > 0,
        converted_before: before > 0,
        revenue_before: before,
        margin_before: before / 3,
        units,
        sums: Sums { units, sent: units, cost: if arm == "control" { 0 } else { 1_000 * units }, ..Sums::default() },
    }
}

/// Twice as many of the treated buy for 30 as of the control, whatever they did before; one message costs 0.1.
fn wave(is_randomised: bool, is_interim: bool) -> Wave<'static> {
    let other = if is_randomised { "control" } else { "comparison" };
    Wave {
        campaign: "spring",
        wave: "1",
        first_day: 20_000,
        window_days: 14,
        is_randomised,
        is_interim,
        units_in_two_arms: 3,
        cells: vec![
            cell("treat", 100, 300_000, 150_000),
            cell("treat", 100, 300_000, 30_000),
            cell("treat", 350, 0, 150_000),
            cell("treat", 350, 0, 30_000),
            cell(other, 50, 300_000, 150_000),
            cell(other, 50, 300_000, 30_000),
            cell(other, 400, 0, 150_000),
            cell(other, 400, 0, 30_000),
        ],
        plan: BTreeMap::new(),
    }
}

/// The rows of the cut `all`: metric and method, and what else is asked for by place in the contract.
struct Response(Rows);

impl Response {
    fn of(wave: &Wave<'_>) -> Response {
        let mut table = Table::default();
        respond(wave, &PARAMS, &mut table);
        Response(table.rows(no_row))
    }

    fn place(column: &str) -> usize {
        let tables = crate::contract::made_tables();
        let contract = tables.iter().find(|table| table.name == "campaign_response").unwrap();
        contract.columns.iter().position(|one| one.name == column).unwrap()
    }

    fn texts(&self, column: &str) -> Vec<&str> {
        match &self.0[Self::place(column)] {
            Values::Text(texts) => texts.iter().map(|text| text.as_deref().unwrap()).collect(),
            _ => panic!("{column} is no text"),
        }
    }

    fn row(&self, metric: &str, method: &str) -> usize {
        let (cuts, metrics, methods) = (self.texts("cut"), self.texts("metric"), self.texts("method"));
        (0..cuts.len()).find(|row| (cuts[*row], metrics[*row], methods[*row]) == ("all", metric, method)).unwrap()
    }

    fn text(&self, metric: &str, method: &str, column: &str) -> &str {
        self.texts(column)[self.row(metric, method)]
    }

    fn double(&self, metric: &str, method: &str, column: &str) -> Option<f64> {
        match &self.0[Self::place(column)] {
            Values::Double(doubles) => doubles[self.row(metric, method)],
            _ => panic!("{column} is no double"),
        }
    }
}

#[test]
fn a_row_has_the_columns_of_its_contract() {
    use crate::contract::ColumnType;
    let tables = crate::contract::made_tables();
    let contract = tables.iter().find(|table| table.name == "campaign_response").unwrap();
    let Response(rows) = Response::of(&wave(true, false));
    assert_eq!(rows.len(), contract.columns.len());
    for (values, column) in rows.iter().zip(&contract.columns) {
        let fits = match values {
            Values::Text(_) => column.column_type == ColumnType::Text,
            Values::Boolean(_) => column.column_type == ColumnType::Boolean,
            Values::Double(_) => column.column_type == ColumnType::Double,
            _ => !matches!(column.column_type, ColumnType::Text | ColumnType::Boolean | ColumnType::Double),
        };
        assert!(fits, "{}", column.name);
    }
}

#[test]
fn incremental_is_the_effect_times_the_treated() {
    let found = Response::of(&wave(true, false));
    // 200 of 900 against 100 of 900, at 30 each: 3.3333 a customer, 3,000 in all, of which 1,000 is margin; 90 of cost.
    let double = |metric, method, column| found.double(metric, method, column).unwrap();
    assert!((double("revenue", "welch", "effect") - 30.0 / 9.0).abs() < 1e-12);
    assert!((double("revenue", "welch", "incremental_total") - 3_000.0).abs() < 1e-9);
    assert!((double("conversion", "newcombe", "incremental_total") - 100.0).abs() < 1e-9);
    assert!((double("conversion", "newcombe", "cost_per_incremental") - 0.9).abs() < 1e-9);
    assert!((double("margin", "welch", "roi") - 910.0 / 90.0).abs() < 1e-9);
    assert_eq!(found.text("revenue", "welch", "verdict"), "scale");
    assert_eq!(found.text("revenue", "welch", "verdict_basis"), "margin");
    // Each cut has the rows of all: there is one tier, one region, one decile.
    let cuts: BTreeSet<&str> = found.texts("cut").into_iter().collect();
    assert_eq!(cuts.into_iter().collect::<Vec<&str>>(), ["all", "decile=1", "region=all/north", "tier=1"]);
}

#[test]
fn arms_of_another_size_than_planned_are_not_reported() {
    let planned = |control: f64| Wave {
        plan: BTreeMap::from([("treat", 1.0 - control), ("control", control)]),
        ..wave(true, false)
    };
    let kept = Response::of(&planned(0.5));
    assert_eq!(kept.double("revenue", "welch", "srm_p"), Some(1.0));
    assert_eq!(kept.text("revenue", "welch", "status"), "ok");
    let off = Response::of(&planned(0.4));
    assert!(off.double("revenue", "welch", "srm_p").unwrap() < 1e-6);
    assert_eq!(off.text("revenue", "welch", "status"), "sample_ratio_mismatch");
    assert_eq!(off.text("revenue", "welch", "verdict"), "withheld");
    for column in
        ["effect", "lo", "hi", "p_value", "mean_treat", "mean_control", "lift", "always_lo", "incremental_total"]
    {
        assert_eq!(off.double("revenue", "welch", column), None, "{column}");
    }
    // An arm that was planned and is not there is off too.
    let mut missing = planned(0.5);
    missing.plan.insert("second", 0.5);
    assert_eq!(Response::of(&missing).text("revenue", "welch", "verdict"), "withheld");
}

#[test]
fn a_window_that_is_not_over_is_judged_by_the_wider_interval() {
    let (done, running) = (Response::of(&wave(true, false)), Response::of(&wave(true, true)));
    for response in [&done, &running] {
        let (lo, always_lo) =
            (response.double("margin", "welch", "lo"), response.double("margin", "welch", "always_lo"));
        assert!(always_lo.unwrap() < lo.unwrap());
    }
    // Cost between the two lower ends: sure once it is over, not before.
    let (lo, always_lo) = (done.double("margin", "cuped", "lo"), done.double("margin", "cuped", "always_lo"));
    let between = ((lo.unwrap() + always_lo.unwrap()) / 2.0 * 10_000.0) as i64;
    assert!(between > 0);
    let priced = |is_interim: bool| {
        let mut wave = wave(true, is_interim);
        wave.cells.iter_mut().filter(|cell| cell.arm == "treat").for_each(|cell| cell.sums.cost = between * cell.units);
        Response::of(&wave).text("margin", "cuped", "verdict").to_owned()
    };
    assert_eq!((priced(false), priced(true)), ("scale".to_owned(), "keep".to_owned()));
}

#[test]
fn a_comparison_without_control_never_says_scale() {
    let found = Response::of(&wave(false, false));
    assert_eq!(found.text("revenue", "matched", "status"), "ok");
    assert!(found.double("revenue", "matched", "lo").unwrap() > 0.0);
    assert_eq!(found.text("revenue", "matched", "verdict"), "keep");
    assert!(found.texts("method").into_iter().all(|method| method == "matched"));
}

#[test]
fn what_cannot_be_said_is_not_said() {
    let mut few = wave(true, false);
    few.cells.iter_mut().filter(|cell| cell.arm == "control").for_each(|cell| {
        cell.units = 10;
        cell.sums.units = 10;
    });
    let found = Response::of(&few);
    assert_eq!(found.text("revenue", "cuped", "status"), "too_few_units");
    assert_eq!(found.text("revenue", "cuped", "verdict"), "insufficient");
    assert_eq!(found.double("revenue", "cuped", "effect"), None);

    let mut unknown = wave(true, false);
    unknown.cells[0].sums.lines_without_cost = 1;
    let found = Response::of(&unknown);
    assert_eq!(found.text("margin", "cuped", "status"), "cost_unknown");
    assert_eq!(found.text("revenue", "welch", "verdict_basis"), "revenue");
}
