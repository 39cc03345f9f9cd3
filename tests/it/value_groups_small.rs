//! Potential, share of customer, value groups and service levels on small exports whose figures were worked out by hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::run_support::{Run, run_in};
use crate::value_groups::number;

/// A run over small exports, by input, whose columns have the pipeline's own names; `settings` is put behind them.
fn small(exports: &[(&str, &str)], settings: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "[project]\nname = \"small\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n".to_owned();
    for (input, export) in exports {
        fs::write(folder.path().join(format!("{input}.csv")), export).unwrap();
        write!(text, "\n[inputs.{input}]\nfiles = [\"{input}.csv\"]\n\n[inputs.{input}.columns]\n").unwrap();
        for name in export.lines().next().unwrap().split(',') {
            writeln!(text, "{name} = \"{name}\"").unwrap();
        }
    }
    run_in(folder, &format!("{text}\n{settings}\n"))
}

/// Orders: the customer, the day and what was paid.
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
    let run = small(&[("transactions", &orders(peers)), ("customers", &customers)], "[value]\nwindow_days = 73");
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
    let run = small(&[("transactions", &orders(rows)), ("customers", &customers)], "");

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
    let mvc = |settings: &str| {
        let run = small(&[("transactions", &orders(rows.clone()))], settings);
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
    let settings = format!("{cells}\n[routing.caps]\ndiamond = 0.1\nsapphire = 0.2");
    let run = small(&[("transactions", &orders(long.chain(all)))], &settings);
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

#[test]
fn breadth_stands_in_where_no_value_is_known() {
    // Forty peers bought in one to five categories; the goods of one more have no cost, and so no margin.
    let mut lines = "customer_id,order_id,line_no,ts,product_id,quantity,amount\n".to_owned();
    for n in 0..40 {
        for category in 0..=n % 5 {
            writeln!(lines, "p{n:02},o{n},{category},2025-06-01,k{category},1,20").unwrap();
        }
    }
    lines.push_str("x,ox,0,2025-06-01,k0,1,20\nx,ox,1,2025-06-01,dear,1,20\n");
    let products = "product_id,category,cost\nk0,c0,5\nk1,c1,5\nk2,c2,5\nk3,c3,5\nk4,c4,5\ndear,c1,\n";
    let customers = "customer_id,declared_wallet\np00,400\n";
    let exports = [("transactions", lines.as_str()), ("products", products), ("customers", customers)];
    let run = small(&exports, "[value]\nmetric = \"gross_margin\"");
    let sql = "SELECT value, value_status, contribution_status, bz_basis, potential, potential_source, peer_n, sow_method, sow, \
               value_group FROM customer_value WHERE customer_id = 'x'";
    // The best tenth bought in five categories, at a margin of 15 each; x bought in two.
    let expected = ["", "cost_unknown", "cost_unknown", "none", "75.0000", "peers", "40", "breadth", "0.4", "Migrator"];
    assert_eq!(run.ask(sql), [expected]);
    let sql = "SELECT value_unknown, contribution_unknown FROM effort_value WHERE kind = 'all'";
    assert_eq!(run.ask(sql), [["1", "1"]]);
    // Three quarters of what customers spend is margin, and so would be of a wallet of 400; 20 of it were spent here.
    let sql = "SELECT value, potential, unrealised_potential, sow FROM customer_value WHERE customer_id = 'p00'";
    assert_eq!(run.ask(sql), [["15.0000", "300.0000", "285.0000", "0.05"]]);
}

#[test]
fn a_loss_has_the_plan_of_the_cost_that_made_it() {
    let lines = "customer_id,order_id,ts,amount,cost,discount\n\
        good,o1,2025-06-01,100,60,0\n\
        returner,o2,2025-06-01,100,60,0\nreturner,o3,2025-06-02,-90,0,0\n\
        caller,o4,2025-06-01,100,60,0\n\
        bargain,o5,2025-06-01,50,70,30\n\
        loss,o6,2025-06-01,50,70,0\n";
    let calls = "interaction_id,customer_id,channel,ts_start,talk_s,wrap_s,cost\n\
        1,caller,phone,2025-06-01,80,10,50\n2,good,email,2025-06-01,,,0\n3,good,phone,2025-06-01,30,0,1\n";
    let mailings = "campaign_id,customer_id,sent,cost\nspring,mailed,2025-06-01,0.50\n";
    let customers = "customer_id,declared_wallet\ncaller,1000\nmailed,500\n";
    let exports =
        [("transactions", lines), ("interactions", calls), ("contacts_sent", mailings), ("customers", customers)];
    let run = small(&exports, "");
    let sql =
        "SELECT customer_id, contribution, COALESCE(bz_plan, '') AS plan FROM customer_value ORDER BY customer_id";
    assert_eq!(
        run.ask(sql),
        [
            ["bargain", "-20.0000", "discount_stop"],
            ["caller", "-10.0000", "cost_to_serve"],
            ["good", "39.0000", ""],
            ["loss", "-20.0000", "price_or_leave"],
            ["mailed", "-0.5000", "campaign_stop"],
            ["returner", "-50.0000", "return_policy"],
        ]
    );
    let sql = "SELECT service_level, value_cell, COUNT(*) AS n FROM routing WHERE value_cell = 'BZ' GROUP BY service_level, value_cell";
    assert_eq!(run.ask(sql), [["cz", "BZ", "5"]]);
    // Three contacts, of which one has no time: 90 and 30 seconds. One of the two contacted has declared a wallet.
    let sql = "SELECT cost_to_serve, marketing_cost, contacts, contacts_untimed, contact_minutes, contacted, wallets_declared, \
               capture_rate FROM effort_value WHERE kind = 'all'";
    assert_eq!(run.ask(sql), [["51.0000", "0.5000", "3", "1", "2.0000", "2", "1", "0.5"]]);

    // A threshold below zero forgives a mailing.
    let run = small(&exports, "[value_groups]\nbz_threshold = \"-1\"");
    let sql = "SELECT customer_id FROM customer_value WHERE is_bz ORDER BY customer_id";
    assert_eq!(run.ask(sql), [["bargain"], ["caller"], ["loss"], ["returner"]]);
}

#[test]
fn gini_and_tops_are_those_of_the_textbook() {
    // Ten customers with 1, 2, ... 10: sum(i x) = 385, so Gini is 2 * 385 / (10 * 55) - 11 / 10 = 0.3.
    let run = small(&[("transactions", &orders((1..=10).map(|n| (format!("c{n:02}"), "2025-06-01", n))))], "");
    let sql = "SELECT name, customers, amount, gini FROM concentration WHERE measure = 'value' AND kind = 'top' ORDER BY name";
    let rows = run.ask(sql);
    let short: Vec<_> = rows.iter().map(|row| &row[..3]).collect();
    assert_eq!(
        short,
        [
            ["top_10pct", "1", "10.0000"],
            ["top_1pct", "1", "10.0000"],
            ["top_20pct", "2", "19.0000"],
            ["top_5pct", "1", "10.0000"],
        ]
    );
    assert!((number(&rows[0][3]) - 0.3).abs() < 1e-12, "{rows:?}");
}
