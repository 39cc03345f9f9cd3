//! Runs over the real exports give the figures of `../shared/data/README.md` in their tables, and their sums come out.

use crate::run_support::{Run, run_real};

/// What must hold in every run, whatever the data.
fn identities(run: &Run) {
    let one = |sql: &str| run.value(sql);
    let customers = one("SELECT COUNT(*) AS n FROM customers");
    for (table, key) in [("routing", "routing_key"), ("customers", "customer_id")] {
        assert_eq!(one(&format!("SELECT COUNT(DISTINCT {key}) AS n FROM {table}")), customers, "{table}");
    }
    for kind in ["tier", "service_level", "rfm_segment"] {
        let sql = format!("SELECT SUM(customers) AS n FROM populations WHERE kind = '{kind}'");
        assert_eq!(one(&sql), customers, "{kind}");
    }
    let transactions = run.summary.inputs.iter().find(|input| input.input == "transactions").unwrap();
    assert_eq!(one("SELECT SUM(lines) AS n FROM line_totals"), transactions.counts.staged.to_string());

    // Everybody who was known by the end of a pair of periods went somewhere, in both modes.
    let sql = "SELECT mode, CAST(period_to AS VARCHAR) AS period_to, SUM(customers) AS n FROM tier_migration \
               GROUP BY mode, period_to ORDER BY period_to, mode";
    let moved = run.ask(sql);
    for pair in moved.chunks(2) {
        assert_eq!(pair[0][2], pair[1][2], "modes differ for {}", pair[0][1]);
    }
    let shares = run.ask(
        "SELECT mode, period_to, state_from, SUM(p) AS p, MIN(p - lo) AS lo, MIN(hi - p) AS hi FROM tier_migration \
         GROUP BY mode, period_to, state_from",
    );
    for row in shares {
        let number = |index: usize| row[index].parse::<f64>().unwrap();
        assert!((number(3) - 1.0).abs() < 1e-9, "shares of {} {} {} do not sum to one", row[0], row[1], row[2]);
        assert!(number(4) >= -1e-12 && number(5) >= -1e-12, "p is outside its interval");
    }
    // What moved is what the tiers say.
    let sql = "SELECT SUM(value_to) AS v FROM tier_migration WHERE mode = 'rank'";
    let tiers = "SELECT SUM(value) AS v FROM value_tiers WHERE tier_prev IS NOT NULL";
    assert_eq!(one(sql), one(tiers));

    let caps = run.ask(
        "SELECT p.name AS service_level, l.cap_ppm AS cap_ppm, p.customers AS n \
         FROM populations AS p JOIN service_levels AS l ON p.name = l.service_level WHERE p.kind = 'service_level'",
    );
    let with_value: u64 = one("SELECT COUNT(*) AS n FROM customers WHERE value > 0").parse().unwrap();
    for row in caps {
        let (cap, members): (u64, u64) = (row[1].parse().unwrap(), row[2].parse().unwrap());
        assert!(cap == 1_000_000 || members * 1_000_000 <= with_value * cap, "{} has {members}", row[0]);
    }
}

#[test]
fn online_retail() {
    let Some(run) = run_real("online_retail", |text| text) else { return };
    identities(&run);
    let counts = run.summary.inputs.iter().find(|input| input.input == "transactions").unwrap().counts;
    assert_eq!((counts.read, counts.duplicate, counts.anonymous), (541_909, 5_268, 135_080));
    assert_eq!(counts.amount_read_e4, 97_477_479_340);
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM customers"), "4372");
    // Money is conserved from the export to the classes: what was read less the duplicates.
    let staged = counts.amount_read_e4 - counts.amount_duplicate_e4;
    let classes = run.value("SELECT SUM(amount) AS v FROM line_totals");
    assert_eq!(classes.replace('.', ""), staged.to_string());
    // The goods of identified customers are what the customers are worth.
    assert_eq!(
        run.value("SELECT SUM(net_revenue) AS v FROM customers"),
        run.value("SELECT SUM(amount) AS v FROM line_totals WHERE class = 'goods' AND identified")
    );
}

#[test]
fn online_retail_cancellations() {
    // Every row counts here, so that the figures are those of the whole file.
    for (case, lines) in [("order_id LIKE 'C%'", "9288"), ("quantity < 0", "10624")] {
        let Some(run) = run_real("online_retail", |text| {
            let start = text.find("line_type = {").unwrap();
            let end = text.find("[inputs.products]").unwrap();
            let rule = format!("line_type = {{ expr = \"CASE WHEN {case} THEN 'fee' ELSE 'sale' END\" }}\n\n");
            let text = format!("{}{rule}{}", &text[..start], &text[end..]);
            text.replace("[inputs.transactions.columns]", "duplicates = \"keep\"\n[inputs.transactions.columns]")
        }) else {
            return;
        };
        assert_eq!(run.value("SELECT SUM(lines) AS n FROM line_totals WHERE class = 'not_goods'"), lines);
        assert_eq!(run.value("SELECT SUM(amount) AS v FROM line_totals"), "9747747.9340");
    }
}

#[test]
fn complete_journey() {
    let Some(run) = run_real("complete_journey", |text| text) else { return };
    identities(&run);
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM customers"), "2469");
    assert_eq!(run.value("SELECT SUM(amount) AS v FROM line_totals"), "4596039.5800");
    let interactions = run.summary.inputs.iter().find(|input| input.input == "interactions").unwrap().counts;
    assert_eq!(interactions.staged, 6_589 + 2_102);
}

#[test]
fn fuzzy_factory() {
    let Some(run) = run_real("fuzzy_factory", |text| text) else { return };
    identities(&run);
    let sql = "SELECT COUNT(*) AS customers, SUM(net_revenue) AS net, SUM(gross_margin) AS margin FROM customers";
    // expected.json: net 1,853,171.06, cost of goods 722,370.25.
    assert_eq!(run.ask(sql), [["31696", "1853171.0600", "1130800.8100"]]);
    let sql = "SELECT SUM(negative_lines) AS n, SUM(negative_amount) AS v FROM line_totals";
    assert_eq!(run.ask(sql), [["1731", "-85338.6900"]]);
}

#[test]
fn groceries() {
    let Some(run) = run_real("groceries", |text| text) else { return };
    let sql = "SELECT n_a, n_b, n_ab, n_total, ROUND(support, 6) AS support, ROUND(confidence, 6) AS confidence, \
               ROUND(lift, 6) AS lift FROM affinity_ptp WHERE product_b = 'whole milk' AND product_a IN \
               ('other vegetables', 'rolls/buns', 'yogurt') AND granularity = 'product' ORDER BY product_a";
    assert_eq!(
        run.ask(sql),
        [
            ["1903", "2513", "736", "9835", "0.074835", "0.386758", "1.513634"],
            ["1809", "2513", "557", "9835", "0.056634", "0.307905", "1.205032"],
            ["1372", "2513", "551", "9835", "0.056024", "0.401603", "1.571735"],
        ]
    );
    // Nobody is identified: every line counts for baskets, none for a customer.
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM customers"), "0");
    assert_eq!(run.ask("SELECT identified, lines FROM line_totals"), [["false", "43367"]]);
}
