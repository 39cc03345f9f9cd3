//! Potential, share of customer, value groups and service levels: identities on real exports, and small exports whose
//! figures were worked out by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use crate::run_support::{Run, run_file, run_in, run_real, sample};

/// A run over two small exports; `settings` is put behind the inputs.
fn small(transactions: &str, customers: &str, settings: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("orders.csv"), transactions).unwrap();
    fs::write(folder.path().join("customers.csv"), customers).unwrap();
    let columns = |header: &str| {
        let names = header.lines().next().unwrap().split(',');
        names.fold(String::new(), |mut text, name| {
            writeln!(text, "{name} = \"{name}\"").unwrap();
            text
        })
    };
    let text = format!(
        "[project]\nname = \"small\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n\n[inputs.transactions]\nfiles = [\"orders.csv\"]\n\n\
         [inputs.transactions.columns]\n{}\n[inputs.customers]\nfiles = [\"customers.csv\"]\n\n[inputs.customers.columns]\n{}\n{settings}\n",
        columns(transactions),
        columns(customers),
    );
    run_in(folder, &text)
}

fn number(text: &str) -> f64 {
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
    let Some(run) = run_real("online_retail", |text| text) else { return };
    identities(&run);
    assert_eq!(groups(&run), [["BZ", "26"], ["MGC", "512"], ["MVC", "854"], ["Migrator", "2980"]]);
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
    let Some(run) = run_real("complete_journey", |text| text) else { return };
    identities(&run);
    assert_eq!(groups(&run), [["MGC", "651"], ["MVC", "493"], ["Migrator", "1325"]]);
}

#[test]
fn fuzzy_factory() {
    let Some(run) = run_real("fuzzy_factory", |text| text) else { return };
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
    let Some(run) = run_real("online_retail", |text| text) else { return };
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

/// One order a customer and year: its customer, its day and what was paid.
fn orders(rows: impl IntoIterator<Item = (String, &'static str, u32)>) -> String {
    let mut text = "customer_id,order_id,ts,amount\n".to_owned();
    for (index, (customer, day, amount)) in rows.into_iter().enumerate() {
        writeln!(text, "{customer},o{index},{day},{amount}").unwrap();
    }
    text
}

#[test]
fn declared_wallets_and_ranks_come_before_proxies() {
    // Forty peers who spent 100 to 4000 in the year, so that their 0.9 quantile is 100 + 0.9 * 39 * 100 = 3610.
    let peers = (1..=40).map(|n| (format!("p{n:02}"), "2025-06-01", n * 100));
    let mut customers = "customer_id,region,declared_wallet,declared_brand_rank,declared_brands\n".to_owned();
    for (id, wallet, rank, brands) in [
        ("p01", "400", "1", "3"), // a wallet comes first
        ("p02", "150", "", ""),   // spends more than they say: all of it, and never more than one
        ("p03", "", "1", "2"),
        ("p04", "", "2", "2"),
        ("p05", "", "1", "3"),
        ("p06", "", "2", "3"),
        ("p07", "", "3", "3"),
        ("p08", "", "4", "3"), // no rank among three
        ("p09", "", "", ""),
        ("p40", "", "", ""),
        ("never", "500", "", ""),
        ("unknown", "", "", ""),
    ] {
        writeln!(customers, "{id},all,{wallet},{rank},{brands}").unwrap();
    }
    // The window is a fifth of a year, and so is its part of a yearly wallet.
    let run = small(&orders(peers), &customers, "[value]\nwindow_days = 73");
    let row = |id: &str| {
        let sql = format!(
            "SELECT potential, potential_source, sow_method, sow, COALESCE(peer_level, 0) AS level FROM customer_value \
             WHERE customer_id = '{id}'"
        );
        run.ask(&sql).remove(0)
    };
    // A wallet of 400 a year is 80 in 73 days; 100 were spent, so that is what could be.
    assert_eq!(row("p01"), ["100.0000", "declared", "declared", "1.0", "0"]);
    assert_eq!(row("p02"), ["200.0000", "declared", "declared", "1.0", "0"]);
    assert_eq!(row("never"), ["100.0000", "declared", "declared", "0.0", "0"]);
    assert_eq!(row("unknown"), ["", "none", "none", "", "0"]);
    // The wallet allocation rule's figures, spec/definitions.md 3.4.
    for (id, sow) in [("p03", 2.0 / 3.0), ("p04", 1.0 / 3.0), ("p05", 0.5), ("p06", 1.0 / 3.0), ("p07", 1.0 / 6.0)] {
        let row = row(id);
        assert_eq!(row[2], "war", "{id}");
        assert!((number(&row[3]) - sow).abs() < 1e-12, "{id}: {row:?}");
    }
    // 28 who are in no export of customers have region unknown, so that twelve and twenty-eight are less than thirty: the
    // peers are everybody.
    let last = row("p40");
    assert_eq!(last[1..3], ["own", "peer_frontier"]);
    assert_eq!((last[0].as_str(), last[4].as_str()), ("4000.0000", "4"));
    assert_eq!(row("p08")[2], "peer_frontier");
    assert_eq!(row("p09")[2], "peer_frontier");
}

#[test]
fn potential_is_the_peers_frontier_drawn_to_the_groups_above() {
    // Two regions of persons and companies, in three bands of tenure, with spends that have no pattern.
    let mut rows = Vec::new();
    let mut customers = "customer_id,region,customer_type\n".to_owned();
    let mut peers: Vec<(String, [String; 3], i64)> = Vec::new();
    let mut state = 12_345_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for index in 0..260 {
        let id = format!("c{index:03}");
        let region = if random(10) < 7 { "north" } else { "south" };
        let kind = if random(10) < 8 { "person" } else { "company" };
        let (day, band, in_window) = match random(3) {
            0 => ("2025-12-01", "short", true),
            1 => ("2025-04-01", "middle", true),
            _ => ("2024-01-01", "long", false),
        };
        let amount = 1 + random(5_000);
        rows.push((id.clone(), day, amount as u32));
        writeln!(customers, "{id},{region},{kind}").unwrap();
        let value = if in_window { amount as i64 * 10_000 } else { 0 };
        peers.push((id, [region.into(), kind.into(), band.into()], value));
    }
    rows.push(("last".into(), "2025-12-31", 1));
    customers.push_str("last,west,person\n");
    peers.push(("last".into(), ["west".into(), "person".into(), "short".into()], 10_000));
    let run = small(&orders(rows), &customers, "");

    // The same in other words: sort, interpolate, draw to the group above.
    let quantile = |members: &[i64]| {
        let mut sorted = members.to_vec();
        sorted.sort_unstable();
        let h = 9 * (sorted.len() - 1);
        let (low, part) = (sorted[h / 10], (h % 10) as i64);
        let high = sorted.get(h / 10 + 1).copied().unwrap_or(low);
        low + part * (high - low) / 10
    };
    let group = |key: &dyn Fn(&[String; 3]) -> String| {
        let mut groups: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (_, features, value) in &peers {
            groups.entry(key(features)).or_default().push(*value);
        }
        groups
    };
    let keys: [&dyn Fn(&[String; 3]) -> String; 4] = [
        &|_| "all".to_owned(),
        &|of| format!("{} {}", of[0], of[1]),
        &|of| of.join(" "),
        // No products are known: the first category is the same for all, and draws once more.
        &|of| of.join(" "),
    ];
    let levels: Vec<_> = keys.iter().map(|key| group(key)).collect();
    let mut by_source: BTreeMap<String, usize> = BTreeMap::new();
    for (id, features, value) in &peers {
        let mut frontier = quantile(&levels[0][&keys[0](features)]);
        for (level, key) in levels.iter().zip(keys).skip(1) {
            let members = &level[&key(features)];
            let own = quantile(members);
            frontier = own + 30 * (frontier - own) / (members.len() as i64 + 30);
        }
        let sql = format!("SELECT potential, potential_source FROM customer_value WHERE customer_id = '{id}'");
        let row = run.ask(&sql).remove(0);
        assert_eq!(row[0].replace('.', "").parse::<i64>().unwrap(), frontier.max(*value), "{id}");
        assert_eq!(row[1] == "own", *value >= frontier, "{id}");
        *by_source.entry(row[1].clone()).or_default() += 1;
    }
    assert!(by_source["own"] > 10 && by_source["peers"] > 200, "{by_source:?}");
}

#[test]
fn hysteresis_keeps_the_best_for_one_window_more() {
    // Ten customers a window; the best fifth of last year fell this year, and that of the year before even earlier.
    let mut rows = Vec::new();
    for n in 0..10_u32 {
        let id = format!("c{n}");
        // c0 and c1 were the best last year, c8 and c9 are now; c2 was the best two years ago only.
        let (two_years_ago, last_year, now) = match n {
            0 | 1 => (100, 1_000 + n, 50 + n),
            2 => (9_000, 20, 20),
            8 | 9 => (100, 10 + n, 2_000 + n),
            _ => (100, 100 + n, 100 + n),
        };
        rows.push((id.clone(), "2023-06-01", two_years_ago));
        rows.push((id.clone(), "2024-06-01", last_year));
        rows.push((id, "2025-06-01", now));
    }
    let customers = "customer_id\nc0\n";
    let mvc = |settings: &str| {
        let run = small(&orders(rows.clone()), customers, settings);
        run.ask("SELECT customer_id, group_rule FROM customer_value WHERE value_group = 'MVC' ORDER BY customer_id")
    };
    assert_eq!(mvc(""), [["c8", "mvc"], ["c9", "mvc"]]);
    let kept = [["c0", "mvc_hysteresis"], ["c1", "mvc_hysteresis"], ["c8", "mvc"], ["c9", "mvc"]];
    assert_eq!(mvc("[value_groups]\nhysteresis = true"), kept);
    // With the first two tiers, those who were in the second last year stay as well.
    let wide = mvc("[value_groups]\nhysteresis = true\nmvc_tiers = [1, 2]");
    assert!(wide.len() > 4 && !wide.iter().any(|row| row[0] == "c2"), "{wide:?}");
}

#[test]
fn a_cap_that_splits_a_tie_says_so() {
    // Fifty of the same value, ten of them with us for longer; five places.
    let long = (0..50).filter(|n| n % 5 == 4).map(|n| (format!("c{n:02}"), "2024-01-01", 7));
    let all = (0..50).map(|n| (format!("c{n:02}"), "2025-06-01", 100));
    let cells: String = ["HH", "HM", "HL", "MH", "MM", "ML", "LH", "LM", "LL"]
        .iter()
        .fold("[routing.cells]\n".to_owned(), |text, cell| format!("{text}{cell} = \"diamond\"\n"));
    let run = small(
        &orders(long.chain(all)),
        "customer_id\nc00\n",
        &format!("{cells}\n[routing.caps]\ndiamond = 0.1\nsapphire = 0.2"),
    );
    let sql = "SELECT customer_id, service_level FROM routing WHERE service_level <> 'pearl' ORDER BY service_level, customer_id";
    let kept: Vec<String> = run.ask(sql).into_iter().map(|row| row.join(" ")).collect();
    // Value, then tenure, then id.
    let diamonds = ["c04", "c09", "c14", "c19", "c24"].map(|id| format!("{id} diamond"));
    let sapphires =
        ["c00", "c01", "c02", "c03", "c05", "c29", "c34", "c39", "c44", "c49"].map(|id| format!("{id} sapphire"));
    assert_eq!(kept, [diamonds.as_slice(), sapphires.as_slice()].concat());
    let sql = "SELECT service_level, places, asked, fell_in, fell_out, members, split_tie FROM service_caps ORDER BY level_no";
    assert_eq!(
        run.ask(sql),
        [
            ["diamond", "5", "50", "0", "45", "5", "100.0000"],
            ["sapphire", "10", "0", "45", "35", "10", "100.0000"],
            ["pearl", "", "0", "35", "0", "35", ""],
            ["cz", "", "0", "0", "0", "0", ""],
        ]
    );
}
