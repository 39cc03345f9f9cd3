//! What holds in every run: one state and one band a customer, sums that come out, a past that can be rebuilt.

use std::io::Write;

use patronage::pipeline::RunOptions;

use crate::ingest_support::shared_data;
use crate::run_support::{Run, ask_run, real_pipeline, run_file, run_in, run_real, without_affinity};

fn identities(run: &Run) {
    let one = |sql: &str| run.value(sql);
    let customers = one("SELECT COUNT(*) AS n FROM customers");
    // Everybody once, in exactly one state, ranked without a gap by value at risk.
    let sql = "SELECT COUNT(DISTINCT customer_id) AS c, COUNT(lifecycle_state) AS s, MIN(attrition_rank) AS lo, \
               MAX(attrition_rank) AS hi, COUNT(DISTINCT attrition_rank) AS r FROM attrition";
    let row = &run.ask(sql)[0];
    let shown = one("SELECT COUNT(*) AS n FROM attrition WHERE status <> 'profiling_opt_out'");
    assert_eq!(row[..], [&customers, &shown, "1", &customers, &customers].map(str::to_owned));
    let sql = "SELECT COUNT(*) AS n FROM attrition AS a JOIN attrition AS b ON a.attrition_rank = b.attrition_rank - 1 \
               WHERE a.value_at_risk < b.value_at_risk OR (a.value_at_risk IS NULL AND b.value_at_risk IS NOT NULL)";
    assert_eq!(one(sql), "0");
    let states =
        one("SELECT COUNT(*) AS n FROM attrition WHERE status <> 'profiling_opt_out' AND lifecycle_state NOT IN \
         ('prospect', 'new', 'active', 'slipping', 'at_risk', 'dormant', 'reactivated', 'lost')");
    assert_eq!(states, "0");
    // A state says since when and from where; prospects are the only ones without a band.
    let sql = "SELECT COUNT(*) AS n FROM attrition WHERE status <> 'profiling_opt_out' AND \
               ((lifecycle_state = 'prospect') <> (band IS NULL) OR (lifecycle_state = 'prospect') <> (state_prev IS NULL) \
               OR (lifecycle_state = 'prospect') <> (state_since_date IS NULL) OR next_in_days <= 0)";
    assert_eq!(one(sql), "0");
    // The overdue are those beyond their threshold, and the silent states are theirs.
    let sql = "SELECT COUNT(*) AS n FROM attrition WHERE (overdue_ratio > 1) <> \
               (lifecycle_state IN ('slipping', 'at_risk', 'dormant', 'lost')) AND status <> 'closed'";
    assert_eq!(one(sql), "0");
    // The parts of the change are the change, and the change is that of the two windows where value is net revenue.
    let sql = "SELECT COUNT(*) AS n FROM attrition WHERE change <> change_orders + COALESCE(change_units, 0) \
               + COALESCE(change_price, 0) + change_mix";
    assert_eq!(one(sql), "0");
    let sql = "SELECT COUNT(*) AS n FROM attrition AS a JOIN customers AS c ON a.customer_id = c.customer_id \
               WHERE c.value_basis = 'net_revenue' AND a.change <> a.value_now - a.value_prev";
    assert_eq!(one(sql), "0");
    let sql = "SELECT COUNT(*) AS n FROM attrition WHERE is_shrinking AND NOT (shrink_q <= 0.05 AND shrink > 0)";
    assert_eq!(one(sql), "0");
    // New, returning and resurrecting customers are the buyers of a period.
    let sql = "SELECT COUNT(*) AS n FROM cohorts WHERE active > size OR (complete <> (active IS NOT NULL)) \
               OR (k = 0 AND complete AND active <> size)";
    assert_eq!(one(sql), "0");
    let sql = "SELECT SUM(size) AS n FROM cohorts WHERE k = 0";
    assert_eq!(one(sql), one("SELECT COUNT(*) AS n FROM customers WHERE orders > 0"));
    // Who was active in a period is returning or dormant in the next.
    let sql = "SELECT COUNT(*) AS n FROM \
               (SELECT period_no, SUM(CASE WHEN state <> 'dormant' THEN customers ELSE 0 END) AS here \
                FROM lifecycle_periods GROUP BY period_no) AS a JOIN \
               (SELECT period_no, SUM(CASE WHEN state IN ('returning', 'dormant') THEN customers ELSE 0 END) AS before \
                FROM lifecycle_periods GROUP BY period_no) AS b ON a.period_no = b.period_no - 1 WHERE a.here <> b.before";
    assert_eq!(one(sql), "0");
    // A curve falls, and its steps use up all that was at risk.
    let sql = "SELECT COUNT(*) AS n FROM retention_curves WHERE survival < 0 OR survival > 1 OR lo > survival \
               OR hi < survival OR events > at_risk";
    assert_eq!(one(sql), "0");
    // The first five signs are those of attrition_drivers, where no score has reasons of its own.
    let sql = "SELECT COUNT(*) AS n FROM attrition AS a JOIN attrition_drivers AS d ON a.customer_id = d.customer_id \
               WHERE a.score IS NULL AND d.place = 1 AND NOT STARTS_WITH(a.drivers, CONCAT(d.direction, d.driver))";
    assert_eq!(one(sql), "0");
}

#[test]
fn on_online_retail() {
    let Some(run) = run_real("online_retail", without_affinity) else { return };
    identities(&run);
    assert_eq!(run.value("SELECT COUNT(DISTINCT contact_status) AS n FROM attrition"), "1");
    assert_eq!(run.value("SELECT MAX(contact_status) AS s FROM attrition"), "no_interactions");
    assert_eq!(run.value("SELECT COUNT(complaint_flag) AS n FROM attrition"), "0", "unknown is not no");
    // A wholesaler who shrinks: fewer orders, fewer units in each, and no bags any more.
    let sql = "SELECT value_prev, value_now, change_orders, change_units, change_price, change_mix, lost_category, \
               lost_category_value, shrink_driver FROM attrition WHERE customer_id = '15939'";
    assert_eq!(
        run.ask(sql),
        [["5192.1200", "895.1400", "-2307.6089", "-2103.0376", "-67.6744", "181.3409", "bags", "-244.8000", "orders"]]
    );
}

#[test]
fn on_complete_journey() {
    let Some(run) = run_real("complete_journey", without_affinity) else { return };
    identities(&run);
}

#[test]
fn on_fuzzy_factory() {
    let Some(run) = run_real("fuzzy_factory", without_affinity) else { return };
    identities(&run);
    // Fewer than 3 % ever come back: no window by the probability of a return, so the balanced one stands in.
    let sql = "SELECT method FROM attrition_windows WHERE in_force";
    assert_eq!(run.value(sql), "error_balanced");
}

#[test]
fn on_cdnow_with_half_years() {
    let Some(run) = run_real("cdnow", |text| format!("{text}\n[attrition]\ncompare_days = 182\n")) else { return };
    identities(&run);
    // Nobody was acquired after March 1997: every buyer has a whole window before the last.
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM attrition WHERE shrink_status = 'insufficient_history'"), "0");
}

/// The state of an earlier day, from all exports with `as_of` and from exports that end there, is the same.
#[test]
fn a_past_state_is_rebuilt_from_the_events_before_it() {
    let (Some(data), Some(text)) = (shared_data(), real_pipeline("cdnow", |text| text)) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patronage.toml");
    std::fs::write(&path, &text).unwrap();
    let as_of = Some(jiff::civil::date(1998, 1, 1));
    let rebuilt = run_file(&path, &RunOptions { as_of, ..RunOptions::default() });

    let short = tempfile::tempdir().unwrap();
    let export = std::fs::File::open(data.join("cdnow/transactions.csv.gz")).unwrap();
    let mut reader = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(export));
    let mut writer = csv::Writer::from_path(short.path().join("short.csv")).unwrap();
    writer.write_record(reader.headers().unwrap()).unwrap();
    for record in reader.records().map(Result::unwrap) {
        if &record[2][..4] < "1998" {
            writer.write_record(&record).unwrap();
        }
    }
    writer.into_inner().unwrap().flush().unwrap();
    let full = data.join("cdnow/transactions.csv.gz");
    let then = run_in(short, &text.replace(full.to_str().unwrap(), "short.csv"));
    for table in ["attrition", "attrition_drivers", "attrition_windows", "retention_curves", "lifecycle_periods"] {
        let sql = format!("SELECT * FROM {table}");
        assert!(ask_run(&rebuilt.folder, &sql) == then.ask(&sql), "{table}");
    }
    assert_eq!(then.value("SELECT COUNT(*) AS n FROM attrition"), "23570");
}
