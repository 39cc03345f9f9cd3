//! Who has a lifetime value, and why somebody has none; what becomes of it in `customers` and `value_tiers`.

use std::fmt::Write as _;

use crate::run_support::{Run, real_pipeline, run_in, run_only};

fn real(name: &str, change: impl Fn(String) -> String, tables: &[&str]) -> Option<Run> {
    Some(run_only(tempfile::tempdir().unwrap(), &real_pipeline(name, change)?, tables))
}

fn counts(run: &Run, sql: &str) -> Vec<(String, i64)> {
    run.ask(sql).into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect()
}

#[test]
fn every_customer_has_a_lifetime_value_or_the_reason_why_not() {
    let Some(run) = real("online_retail", |text| text, &["customer_ltv", "customers"]) else { return };
    let statuses = counts(&run, "SELECT status, COUNT(*) AS n FROM customer_ltv GROUP BY status ORDER BY status");
    // 4,372 customers, of whom 38 only gave back or took everything of an order back.
    // Three of them gave back so much of what they bought again that no spend is to be expected.
    let expected = [("no_purchase", 38), ("ok", 4_331), ("value_negative", 3)];
    assert_eq!(statuses, expected.map(|(status, customers)| (status.to_owned(), customers)));
    let wrong = "SELECT COUNT(*) AS n FROM customer_ltv WHERE (status = 'no_purchase') <> (model IS NULL) \
                 OR (model IS NULL) <> (p_alive IS NULL) OR (model IS NULL) <> (expected_purchases IS NULL) \
                 OR (status = 'ok') <> (value_horizon IS NOT NULL) OR (model IS NULL) <> (frequency IS NULL) \
                 OR p_alive < 0 OR p_alive > 1 OR p_no_purchase < 0 OR p_no_purchase > 1 OR p_alive_horizon > p_alive \
                 OR expected_purchases < 0 OR purchases_p10 > purchases_p90 OR next_purchase_p50 > next_purchase_p90 \
                 OR clv_p10 > clv_p90";
    assert_eq!(run.value(wrong), "0");
    // The last day read is 9 December 2011: nothing is expected before the day after it.
    let early = "SELECT COUNT(*) AS n FROM customer_ltv WHERE CAST(next_purchase_p50 AS VARCHAR) < '2011-12-10'";
    assert_eq!(run.value(early), "0");
    let customers = "SELECT COUNT(*) AS n FROM customers AS c JOIN customer_ltv AS y ON c.customer_id = y.customer_id \
                     WHERE c.clv_status = y.status AND COALESCE(c.clv_expected, -1) = COALESCE(y.value_horizon, -1) \
                     AND COALESCE(c.p_alive, -1) = COALESCE(y.p_alive, -1)";
    assert_eq!(run.value(customers), "4372");
}

#[test]
fn who_has_no_score_is_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut orders = "customer_id,order_id,ts,amount\n".to_owned();
    for (customer, day, amount) in [
        ("few", "2024-01-01", 10),
        ("few", "2024-02-01", 10),
        ("late", "2024-03-01", 10),
        ("hidden", "2024-01-01", 10),
        ("gone", "2024-01-01", 10),
        ("back", "2024-01-05", -10),
    ] {
        writeln!(orders, "{customer},{customer}-{day},{day},{amount}").unwrap();
    }
    std::fs::write(folder.path().join("orders.csv"), orders).unwrap();
    let customers = "customer_id,profiling_opt_out,closed_at\nhidden,true,\ngone,,2024-02-15\nnever,,\n";
    std::fs::write(folder.path().join("customers.csv"), customers).unwrap();
    let text = "[project]\nname = \"small\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n\
                [inputs.transactions]\nfiles = [\"orders.csv\"]\n[inputs.transactions.columns]\n\
                customer_id = \"customer_id\"\norder_id = \"order_id\"\nts = \"ts\"\namount = \"amount\"\n\
                [inputs.customers]\nfiles = [\"customers.csv\"]\n[inputs.customers.columns]\ncustomer_id = \"customer_id\"\n\
                profiling_opt_out = \"profiling_opt_out\"\nclosed = \"closed_at\"\n\
                [lifetime_value]\ncalibration_end = \"2024-02-10\"\n";
    let run = run_in(folder, text);
    let rows = run.ask(
        "SELECT customer_id, status, COALESCE(CAST(frequency AS VARCHAR), '') AS x, COALESCE(model, '') AS model, \
         COALESCE(CAST(p_alive AS VARCHAR), '') AS p_alive FROM customer_ltv ORDER BY customer_id",
    );
    let rows: Vec<String> = rows.into_iter().map(|row| row.join(" ")).collect();
    assert_eq!(
        rows,
        [
            "back no_purchase   ",
            "few insufficient_data 1  ",
            "gone closed 0  ",
            "hidden profiling_opt_out 0  ",
            "late after_calibration   ",
            "never no_purchase   "
        ]
    );
}

#[test]
fn value_tiers_by_lifetime_value_are_of_today_and_all_else_is_by_contribution() {
    let clv = |text: String| text.replace("metric = \"gross_margin\"", "metric = \"clv\"");
    let tables = ["value_tiers", "tier_migration", "customers", "customer_ltv"];
    let Some(run) = real("fuzzy_factory", clv, &tables) else { return };
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM tier_migration WHERE basis <> 'contribution'"), "0");
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM customers WHERE value_basis <> 'contribution'"), "0");
    // One row a customer whose lifetime value is known, contribution to date and expected.
    let scored = run.value("SELECT COUNT(*) AS n FROM customer_ltv WHERE value_horizon IS NOT NULL");
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM value_tiers WHERE basis = 'clv'"), scored);
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM value_tiers"), scored);
    let wrong = "SELECT COUNT(*) AS n FROM value_tiers AS t JOIN customers AS c ON t.customer_id = c.customer_id \
                 WHERE t.value <> c.contribution + c.clv_expected";
    assert_eq!(run.value(wrong), "0");
    // No tier reaches above the one before it, and nothing of the past is made up.
    let order = "SELECT COUNT(*) AS n FROM (SELECT actual_tier, MIN(value) AS least FROM value_tiers GROUP BY actual_tier) \
                 AS a JOIN (SELECT actual_tier - 1 AS above, MAX(value) AS most FROM value_tiers GROUP BY actual_tier) AS b \
                 ON a.actual_tier = b.above WHERE b.most >= a.least";
    assert_eq!(run.value(order), "0");
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM value_tiers WHERE tier_prev IS NOT NULL"), "0");
}
