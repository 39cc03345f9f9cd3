//! Potential, share of customer, value groups and service levels: identities on real exports.

use std::collections::BTreeSet;
use std::fs;

use crate::run_support::{Run, run_file, run_real, sample, without_affinity};

/// A published ratio.
pub fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is not a number"))
}

/// What must hold in every run, whatever the data.
fn identities(run: &Run) {
    let customers = run.value("SELECT COUNT(*) AS n FROM customers");
    let one = |sql: &str| run.value(sql);
    for table in ["customer_value", "routing"] {
        assert_eq!(one(&format!("SELECT COUNT(DISTINCT customer_id) AS n FROM {table}")), customers, "{table}");
    }
    // One value group, by the rule that goes with it.
    let rules: BTreeSet<(String, String)> = run
        .ask("SELECT value_group, group_rule FROM customer_value GROUP BY value_group, group_rule")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    for (group, rule) in &rules {
        let expected = match rule.as_str() {
            "bz" => "BZ",
            "mvc" | "mvc_hysteresis" => "MVC",
            "mgc" => "MGC",
            "neutral" | "rest" => "Migrator",
            other => panic!("unknown rule {other}"),
        };
        assert_eq!(group, expected);
    }
    for (what, broken) in [
        ("potential below value", "potential < value"),
        ("unrealised", "unrealised_potential <> potential - value"),
        ("share outside 0 to 1", "sow < 0 OR sow > 1"),
        ("share without method", "(sow IS NULL) <> (sow_method = 'none')"),
        ("potential without source", "(potential IS NULL) <> (potential_source IN ('none', 'profiling_opt_out'))"),
        ("tier without potential", "strategic_tier > 0 AND (potential IS NULL OR potential <= 0)"),
        ("plan", "(bz_plan IS NULL) = is_bz OR is_bz <> (value_group = 'BZ')"),
        ("money lost, not BZ", "contribution < 0 AND NOT is_bz AND group_rule <> 'neutral'"),
        ("BZ without loss", "is_bz AND contribution >= 0"),
        ("MVC of another tier", "value_group = 'MVC' AND actual_tier <> 1"),
        ("first tier elsewhere", "actual_tier = 1 AND value_group NOT IN ('MVC', 'BZ') AND group_rule <> 'neutral'"),
        (
            "MGC with little to gain",
            "value_group = 'MGC' AND (strategic_tier > 2 OR unrealised_potential < 0.3 * potential)",
        ),
        ("peers too few", "peer_n < 30"),
    ] {
        let sql = format!("SELECT COUNT(*) AS n FROM customer_value WHERE {broken}");
        assert_eq!(one(&sql), "0", "{what}");
    }

    // One service level; the caps hold and their book-keeping adds up.
    let sql = "SELECT c.places AS places, c.asked + c.fell_in - c.fell_out AS settled, c.members AS members, \
               COALESCE(p.customers, 0) AS customers FROM service_caps AS c \
               LEFT JOIN (SELECT name, customers FROM populations WHERE kind = 'service_level') AS p ON c.service_level = p.name";
    let caps = run.ask(sql);
    let mut members = 0;
    for row in caps {
        assert!(row[1] == row[2] && row[2] == row[3], "{row:?}");
        let here: u64 = row[2].parse().unwrap();
        assert!(row[0].is_empty() || here <= row[0].parse().unwrap(), "more members than places: {row:?}");
        members += here;
    }
    assert_eq!(members.to_string(), customers);

    effort_adds_up(run);
    concentration_adds_up(run);
}

fn effort_adds_up(run: &Run) {
    let sums = "SUM(customers) AS a, SUM(value) AS b, SUM(cost_to_serve) AS c, SUM(marketing_cost) AS d, SUM(contacts) AS e, \
                SUM(contact_minutes) AS f, SUM(contribution_unknown) AS g, SUM(COALESCE(contribution, 0)) AS h, SUM(contacted) AS i";
    let of = |kind: &str| run.ask(&format!("SELECT {sums} FROM effort_value WHERE kind = '{kind}'"));
    assert_eq!(of("value_group"), of("all"));
    assert_eq!(of("service_level"), of("all"));
    let totals = "SELECT COUNT(*) AS n, SUM(value) AS v FROM customer_value";
    assert_eq!(run.ask(totals), run.ask("SELECT customers AS n, value AS v FROM effort_value WHERE kind = 'all'"));
    for kind in ["value_group", "service_level"] {
        let shares = run.ask(&format!(
            "SELECT SUM(customer_share) AS a, SUM(value_share) AS b, SUM(cost_to_serve_share) AS c, SUM(marketing_share) AS d, \
             SUM(contact_share) AS e, SUM(contact_minutes_share) AS f, COUNT(cost_to_serve_share) AS g FROM effort_value \
             WHERE kind = '{kind}'"
        ));
        for share in shares[0][..6].iter().filter(|share| !share.is_empty() && *share != "0.0") {
            assert!((number(share) - 1.0).abs() < 1e-9, "{kind}: {shares:?}");
        }
    }
}

fn concentration_adds_up(run: &Run) {
    for (measure, total) in [
        ("value", "SELECT SUM(value) AS v FROM customer_value"),
        ("cost_to_serve", "SELECT cost_to_serve AS v FROM effort_value WHERE kind = 'all'"),
        ("contact_minutes", "SELECT contact_minutes AS v FROM effort_value WHERE kind = 'all'"),
    ] {
        let tiers = run.ask(&format!(
            "SELECT name, amount, cumulative, share, gini FROM concentration WHERE measure = '{measure}' AND kind = 'tier' \
             ORDER BY CASE WHEN name = '0' THEN '6' ELSE name END"
        ));
        let total = run.value(total);
        assert_eq!(tiers.last().unwrap()[2], total, "{measure}");
        let cents = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
        assert_eq!(tiers.iter().map(|tier| cents(&tier[1])).sum::<i64>(), cents(&total), "{measure}");
        if cents(&total) > 0 {
            let shares: f64 = tiers.iter().map(|tier| number(&tier[3])).sum();
            assert!((shares - 1.0).abs() < 1e-9, "{measure}: {shares}");
            assert!((0.0..=1.1).contains(&number(&tiers[0][4])), "{measure}: Gini {}", tiers[0][4]);
        }
    }
    // Larger tops hold more of a measure that is never negative.
    let tops = run.ask(
        "SELECT measure, amount FROM concentration WHERE kind = 'top' AND measure <> 'value' ORDER BY measure, customers",
    );
    for pair in tops.windows(2).filter(|pair| pair[0][0] == pair[1][0]) {
        assert!(number(&pair[0][1]) <= number(&pair[1][1]), "{pair:?}");
    }
}

fn groups(run: &Run) -> Vec<Vec<String>> {
    run.ask("SELECT value_group, COUNT(*) AS n FROM customer_value GROUP BY value_group ORDER BY value_group")
}

#[test]
fn online_retail() {
    let Some(run) = run_real("online_retail", without_affinity) else { return };
    identities(&run);
    assert_eq!(groups(&run), [["BZ", "26"], ["MGC", "1113"], ["MVC", "854"], ["Migrator", "2379"]]);
    // Summed in DuckDB over the distinct lines of the file itself: 26 customers gave back more than they took in the last
    // 365 days, 4,301.91 together. No cost is known, so that revenue is what was judged.
    let sql = "SELECT bz_basis, bz_plan, COUNT(*) AS n, SUM(value) AS v FROM customer_value WHERE is_bz GROUP BY bz_basis, bz_plan";
    assert_eq!(run.ask(sql), [["value", "return_policy", "26", "-4301.9100"]]);
    let sql = "SELECT contribution_status, COUNT(contribution) AS known, COUNT(*) AS n FROM customer_value \
               GROUP BY contribution_status ORDER BY n";
    // Ten had nothing but postage and adjustments, which cost no goods.
    assert_eq!(run.ask(sql), [["ok", "10", "10"], ["no_moves", "76", "76"], ["cost_unknown", "0", "4286"]]);
    // The best fifth by value brings 73.7 % of it.
    let sql = "SELECT customers, amount FROM concentration WHERE measure = 'value' AND name = 'top_20pct'";
    assert_eq!(run.ask(sql), [["854", "5864125.0400"]]);
}

#[test]
fn complete_journey() {
    let Some(run) = run_real("complete_journey", without_affinity) else { return };
    identities(&run);
    assert_eq!(groups(&run), [["MGC", "651"], ["MVC", "493"], ["Migrator", "1325"]]);
}

#[test]
fn fuzzy_factory() {
    let Some(run) = run_real("fuzzy_factory", without_affinity) else { return };
    identities(&run);
    assert_eq!(groups(&run), [["BZ", "583"], ["MGC", "8503"], ["MVC", "3706"], ["Migrator", "18904"]]);
    // Summed in DuckDB over the file itself: margin after refunds of the last 365 days, by order day.
    let sql = "SELECT bz_basis, bz_plan, COUNT(*) AS n, SUM(contribution) AS v FROM customer_value WHERE is_bz GROUP BY bz_basis, bz_plan";
    assert_eq!(run.ask(sql), [["contribution", "return_policy", "583", "-11248.0900"]]);
    let sql = "SELECT COUNT(*) AS n, SUM(contribution) AS v FROM customer_value WHERE contribution_status = 'ok'";
    assert_eq!(run.ask(sql), [["18785", "720556.4200"]]);
    business_case_is_its_formula(&run);
}

/// Three years of data are enough for retention, and every figure follows from those beside it.
fn business_case_is_its_formula(run: &Run) {
    let rows = run.ask(
        "SELECT scenario, stratum, status, customers, customers_before, retained, retention, retention_new, margin, margin_new, \
         worth_now, worth_new, change, discount_rate, improvement FROM business_case ORDER BY scenario, stratum",
    );
    assert_eq!(rows.len(), 18);
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0), "{a} is not {b}");
    let mut seen = 0;
    for row in rows.iter().filter(|row| row[2] == "ok") {
        let at = |index: usize| number(&row[index]);
        let (customers, r, r_new, m, m_new, d, improvement) = (at(3), at(6), at(7), at(8), at(9), at(13), at(14));
        assert_eq!((d, improvement), (0.1, 0.05));
        close(r, at(5) / at(4));
        let worth = |m: f64, r: f64| customers * m * r / (1.0 + d - r);
        close(at(10), worth(m, r));
        close(at(11), worth(m_new, r_new));
        close(at(12), at(11) - at(10));
        match row[0].as_str() {
            // Five per cent fewer lapses.
            "retention" => {
                close(1.0 - r_new, 0.95 * (1.0 - r));
                close(m, m_new);
            }
            // Costs are of goods only, so that margin is all that grows.
            "order_size" => {
                close(r, r_new);
                close(m_new, 1.05 * m);
            }
            other => panic!("{other} has no cost to save"),
        }
        seen += 1;
    }
    assert_eq!(seen, 10, "two scenarios in four tiers and all");
    let margin =
        run.value("SELECT margin * customers AS v FROM business_case WHERE scenario = 'retention' AND stratum = 'all'");
    let known = run.value("SELECT SUM(contribution) AS v FROM customer_value WHERE value > 0");
    close(number(&margin), number(&known));
    let sql = "SELECT DISTINCT status FROM business_case WHERE scenario = 'cost' ORDER BY status";
    assert_eq!(run.ask(sql), [["few_customers"], ["no_cost_known"]]);
}

#[test]
fn a_year_of_data_is_not_enough_for_a_business_case() {
    let Some(run) = run_real("online_retail", without_affinity) else { return };
    let sql =
        "SELECT status, COUNT(*) AS n, COUNT(retention) AS r, COUNT(change) AS c FROM business_case GROUP BY status";
    assert_eq!(run.ask(sql), [["short_history", "18", "0", "0"]]);
}

#[test]
fn who_opted_out_of_profiling_is_neutral_and_takes_no_place() {
    let folder = sample();
    let summary = run_file(&folder.path().join("patronage.toml"), &patronage::pipeline::RunOptions::default());
    let ask = |sql: &str| crate::run_support::ask_run(&summary.folder, sql);
    let opted_out = fs::read_to_string(folder.path().join("customers.csv"))
        .unwrap()
        .lines()
        .filter(|line| line.split(',').nth(9) == Some("Y"))
        .count();
    assert!(opted_out > 0);
    let sql = "SELECT v.potential_source AS source, v.value_group AS value_group, r.value_cell AS cell, r.service_level AS level, \
               COUNT(*) AS n, COUNT(v.potential) AS p, COUNT(v.sow) AS s, MAX(v.strategic_tier) AS t \
               FROM customer_value AS v JOIN routing AS r ON v.customer_id = r.customer_id WHERE v.group_rule = 'neutral' \
               GROUP BY v.potential_source, v.value_group, r.value_cell, r.service_level";
    let expected = ["profiling_opt_out", "Migrator", "neutral", "pearl", &opted_out.to_string(), "0", "0", "0"];
    assert_eq!(ask(sql), [expected]);
    let sql = "SELECT SUM(neutral) AS n FROM service_caps WHERE places IS NULL";
    assert_eq!(ask(sql), [[opted_out.to_string()]]);
    let sql = "SELECT SUM(neutral) AS n FROM service_caps WHERE places IS NOT NULL";
    assert_eq!(ask(sql), [["0"]]);
}
