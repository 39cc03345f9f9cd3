//! Product affinity through whole runs: the kernel's counts are those of SQL, published figures of Groceries are met, and
//! nothing is too small or too odd to be published.

use std::fs;
use std::path::Path;

use patronage::config;
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::{self, RunOptions};
use patronage::publish::{ProblemKind, verify};

use crate::rule_engines::answered;
use crate::run_support::{Run, ask_run, real_pipeline, run_file, run_in, run_only, run_real, sample};

/// Columns of measures, none of which may be anything but a number.
const MEASURES: [&str; 20] = [
    "score",
    "support",
    "confidence",
    "confidence_reverse",
    "lift",
    "lift_lo",
    "leverage",
    "jaccard",
    "cosine",
    "npmi",
    "llr",
    "phi",
    "kulczynski",
    "imbalance",
    "certainty",
    "zhang",
    "p_value",
    "q_value",
    "n_a",
    "n_ab",
];

/// What holds in every run.
fn identities(run: &Path) {
    let none = |sql: &str| {
        let rows = ask_run(run, &format!("SELECT COUNT(*) AS n FROM {sql}"));
        assert_eq!(rows, [["0"]], "{sql}");
    };
    let finite = MEASURES.map(|measure| format!("{measure} IS NULL OR {measure} - {measure} <> 0")).join(" OR ");
    none(&format!("affinity_ptp WHERE {finite}"));
    none("affinity_ptp WHERE p_value > 1 OR q_value > 1 OR q_value < p_value - 0.000000000001");
    none("affinity_ptp WHERE n_ab > n_a OR n_ab > n_b OR n_a > n_total OR n_b > n_total");
    none("affinity_ptp WHERE (conviction IS NULL) <> conviction_infinite");
    none("affinity_ptp WHERE relation = 'complement' AND (lift <= 1 OR n_ab < 5)");
    none("affinity_ptp WHERE relation = 'substitute' AND (lift >= 1 OR q_value > 0.05)");
    none("affinity_ptp WHERE granularity IN ('product', 'category') AND product_a = product_b");
    none("affinity_ptp WHERE related_eligible <> (suppressed_reason IS NULL)");
    // Ranks have no gaps, what cannot be offered comes last, and the score falls within what can.
    let lists = "level, granularity, relation, product_a";
    none(&format!(
        "(SELECT {lists}, COUNT(*) AS n, MIN(rank) AS first, MAX(rank) AS last FROM affinity_ptp GROUP BY {lists}) AS l \
         WHERE first <> 1 OR last <> n"
    ));
    none(
        "affinity_ptp AS x JOIN affinity_ptp AS y ON x.level = y.level AND x.granularity = y.granularity \
         AND x.relation = y.relation AND x.product_a = y.product_a \
         WHERE x.rank < y.rank AND (x.related_eligible < y.related_eligible \
         OR (x.related_eligible = y.related_eligible AND x.score < y.score))",
    );
    none("affinity_sequence WHERE lift <= 1 OR customers_ab < 5 OR customers_ab > customers_a OR q_value < p_value");
    none("affinity_sequence WHERE median_gap_days < 1 OR median_gap_days > window_days OR product_a = product_b");
    none("affinity_rules WHERE n_both > n_antecedent OR n_both > n_consequent OR q_value < p_value - 0.000000000001");
    let antecedents = "SELECT SUM(antecedents) AS n FROM affinity_rules";
    let products = "SELECT COUNT(*) AS n FROM affinity_rule_products";
    if ask_run(run, "SELECT COUNT(*) AS n FROM affinity_rules") != [["0"]] {
        assert_eq!(ask_run(run, antecedents), ask_run(run, products));
    }
}

#[test]
fn the_kernel_counts_what_sql_counts() {
    for (name, at, with) in [
        (
            "online_retail",
            "[inputs.transactions]\n",
            "[affinity]\nmin_count = 20\ntop_k = 10000\n[inputs.transactions]\n",
        ),
        ("complete_journey", "max_basket_products = 200", "max_basket_products = 60\nmin_count = 30\ntop_k = 10000"),
    ] {
        let change = |text: String| {
            assert!(text.contains(at), "{name}");
            text.replacen(at, with, 1)
        };
        let Some(text) = real_pipeline(name, change) else { return };
        let run = run_only(tempfile::tempdir().unwrap(), &text, &["product_pairs", "affinity_ptp", "offered_products"]);
        let both = "product_pairs AS s \
             JOIN offered_products AS a ON s.product_no_a = a.product_no \
             JOIN offered_products AS b ON s.product_no_b = b.product_no";
        let kernel = "(SELECT level, product_a, product_b, n_a, n_b, n_ab, n_total FROM affinity_ptp \
             WHERE granularity = 'product' AND relation = 'complement' AND NOT backed_off) AS k";
        let joined = "k.level = s.level AND k.product_a = a.product_id AND k.product_b = b.product_id";
        let same = format!("SELECT COUNT(*) AS n FROM {both} JOIN {kernel} ON {joined} WHERE k.n_ab = s.n_ab");
        let same: usize = run.value(&same).parse().unwrap();
        assert!(same > 10_000, "{name}: {same}");
        // Every pair of the kernel is one of SQL's, in both directions.
        let all = format!("SELECT COUNT(*) AS n FROM {kernel}");
        assert_eq!(run.value(&all), (2 * same).to_string(), "{name}");
        // The others of SQL's have a lift of 1 or less.
        let of_product = "(SELECT level, product_a, MAX(n_a) AS n_a, MAX(n_total) AS n_total FROM affinity_ptp \
             WHERE granularity = 'product' AND relation = 'complement' AND NOT backed_off GROUP BY level, product_a)";
        let rest = format!(
            "SELECT COUNT(*) AS pairs, SUM(CASE WHEN s.n_ab * x.n_total > x.n_a * y.n_a THEN 1 ELSE 0 END) AS wrong \
             FROM {both} JOIN {of_product} AS x ON x.level = s.level AND x.product_a = a.product_id \
             JOIN {of_product} AS y ON y.level = s.level AND y.product_a = b.product_id \
             LEFT JOIN {kernel} ON {joined} WHERE k.level IS NULL"
        );
        let rest = run.ask(&rest);
        assert_eq!(rest[0][1], "0", "{name}: {rest:?}");
        // A product without any partner has no row to take its count from.
        let of_sql: usize = run.value("SELECT COUNT(*) AS n FROM product_pairs").parse().unwrap();
        let unknown = of_sql - same - rest[0][0].parse::<usize>().unwrap();
        assert!(unknown < 10, "{name}: {unknown} of {of_sql}");
        let levels = run.ask("SELECT DISTINCT level FROM product_pairs ORDER BY level");
        assert_eq!(levels, [["basket"], ["customer"]], "{name}");
    }
}

#[test]
fn groceries_has_its_published_figures() {
    let asked = "[affinity]\nmin_count = 1\ntop_k = 1000\nrule_min_confidence = \"0.8\"\nrule_max_length = 10\n\
                 attributes = [\"category_path\"]\n[inputs.transactions]\n";
    let Some(run) = run_real("groceries", |text| text.replacen("[inputs.transactions]\n", asked, 1)) else { return };
    let figure = |subject: &str, figure: &str| {
        run.value(&format!("SELECT value FROM affinity_figures WHERE subject = '{subject}' AND figure = '{figure}'"))
    };
    // spec/affinity.md 2.2.
    assert_eq!(figure("basket", "units"), "9835");
    assert_eq!(figure("basket", "lines"), "43367");
    assert_eq!(figure("basket", "largest_unit"), "32");
    assert_eq!(figure("basket product", "pair_events"), "137278");
    assert_eq!(figure("basket product", "eligible"), "169");
    assert_eq!(figure("basket product", "pairs"), "9636");
    assert_eq!(figure("basket product", "tests"), "14196");
    assert_eq!(figure("basket product", "found"), "1591");
    let all = "level = 'basket' AND granularity = 'product' AND relation = 'complement'";
    assert_eq!(run.value(&format!("SELECT COUNT(*) AS n FROM affinity_ptp WHERE {all}")), (2 * 8082).to_string());
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM affinity_rules"), "410");
    assert_eq!(run.value("SELECT MIN(n_both) AS n FROM affinity_rules"), "10");
    let row = run.ask(&format!(
        "SELECT n_ab, ROUND(support, 8), ROUND(confidence, 6), ROUND(lift, 6), ROUND(leverage, 8), ROUND(conviction, 6), \
         ROUND(cosine, 7), ROUND(jaccard, 7), ROUND(kulczynski, 7), ROUND(certainty, 7), ROUND(zhang, 6), ROUND(llr, 6), \
         ROUND(npmi, 6), ROUND(phi, 7), p_value > 1.44389e-45 AND p_value < 1.4438921e-45 \
         FROM affinity_ptp WHERE {all} AND product_a = 'whole milk' AND product_b = 'other vegetables'"
    ));
    assert_eq!(
        row,
        [[
            "736",
            "0.07483477",
            "0.292877",
            "1.513634",
            "0.02539431",
            "1.140548",
            "0.3365597",
            "0.2",
            "0.3398174",
            "0.1232281",
            "0.455803",
            "200.07016",
            "0.159891",
            "0.1473884",
            "true",
        ]]
    );
    // Both levels of the hierarchy.
    for (granularity, lift, ends) in
        [("category", "1.630199", ["cheese", "fruit"]), ("category_1", "1.509369", ["", ""])]
    {
        let rows = run.ask(&format!(
            "SELECT ROUND(lift, 6) AS lift, product_a, product_b FROM affinity_ptp WHERE granularity = '{granularity}' \
             AND support >= 0.05 AND confidence >= 0.25 ORDER BY lift DESC, confidence DESC LIMIT 2"
        ));
        assert_eq!(rows[0][0], lift, "{rows:?}");
        assert!(rows.iter().any(|row| row[1].ends_with(ends[0]) && row[2].ends_with(ends[1])), "{rows:?}");
    }
    // Nobody is identified.
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM affinity_ptp WHERE level = 'customer'"), "0");
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM affinity_sequence"), "0");
}

#[test]
fn the_rule_files_are_the_strongest_rows_and_are_verified() {
    let Some(run) = run_real("groceries", |text| text) else { return };
    identities(&run.summary.folder);
    let folder = &run.summary.folder;
    let wanted = "SELECT COUNT(*) AS n FROM affinity_ptp WHERE granularity = 'product' AND relation = 'complement' \
                  AND rank <= 3 AND q_value <= 0.05 AND NOT backed_off";
    let wanted: usize = run.value(wanted).parse().unwrap();
    let json = fs::read_to_string(folder.join("rules/affinity_rules.json")).unwrap();
    let rules: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    // A fourth partner may take the place of one that is likely chance.
    assert!(rules.len() >= wanted && rules.len() < wanted + 50 && wanted > 100, "{} {wanted}", rules.len());
    let csv = fs::read_to_string(folder.join("rules/affinity_rules.csv")).unwrap();
    assert!(csv.lines().count() > rules.len());
    let decision = folder.join("rules/affinity_rules.jdm.json");
    if let Some(rows) = answered(&decision, &folder.join("tables/affinity_ptp.parquet")) {
        assert_eq!(rows, rules.len());
    }
    assert!(verify(folder).is_whole());
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let counted = manifest["models"].as_array().unwrap().iter().find(|model| model["family"] == "affinity").unwrap();
    assert_eq!(counted["figures"]["basket product"]["eligible"], 164);
    fs::write(&decision, "{}").unwrap();
    let problems = verify(folder).problems;
    assert_eq!(
        problems.iter().map(|problem| (&*problem.path, problem.kind)).collect::<Vec<_>>(),
        [("rules/affinity_rules.jdm.json", ProblemKind::Changed)]
    );
}

#[test]
fn changes_are_counted_from_night_to_night() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    let night = |as_of: &str| {
        let options = RunOptions { as_of: Some(as_of.parse().unwrap()), ..RunOptions::default() };
        run_file(&path, &options).folder
    };
    let (first, second) = (night("2026-06-23"), night("2026-06-30"));
    let count = |run: &Path, sql: &str| -> i64 {
        ask_run(run, &format!("SELECT COUNT(*) AS n FROM {sql}"))[0][0].parse().unwrap()
    };
    identities(&first);
    identities(&second);
    let (before, now) = (count(&first, "affinity_ptp"), count(&second, "affinity_ptp"));
    assert!(before > 100);
    assert_eq!(count(&first, "affinity_ptp_delta WHERE op = 'add'"), before);
    let (added, removed) = (
        count(&second, "affinity_ptp_delta WHERE op = 'add'"),
        count(&second, "affinity_ptp_delta WHERE op = 'remove'"),
    );
    assert_eq!(now, before + added - removed);
    assert!(added > 0 && added < now / 2, "{added} of {now}");
    let moved = "affinity_ptp_delta WHERE op = 'rank'";
    assert_eq!(count(&second, &format!("{moved} AND rank - rank_prev < 5 AND rank_prev - rank < 5")), 0);
    let named = "affinity_ptp_delta AS d JOIN affinity_ptp AS p ON d.rule_id = p.rule_id \
                 WHERE d.rank <> p.rank OR d.product_a <> p.product_a OR d.product_b <> p.product_b";
    assert_eq!(count(&second, named), 0);
}

/// A pipeline over one file of lines, and nothing else.
fn bare(lines: &str, columns: &str, affinity: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lines.csv"), lines).unwrap();
    let text = format!(
        "[project]\nname = \"bare\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n\n\
         [inputs.transactions]\nfiles = [\"lines.csv\"]\ncolumns = {{ {columns} }}\n\n[affinity]\n{affinity}\n"
    );
    run_in(folder, &text)
}

const COLUMNS: &str = r#"order_id = "o", customer_id = "c", product_id = "p", ts = "d", amount = "a""#;

/// Twelve baskets of six customers, two days each.
fn baskets(products: &[&str]) -> String {
    let mut lines = "o,c,p,d,a\n".to_owned();
    for order in 0..12 {
        for product in products {
            lines += &format!("o{order},c{},{product},2026-01-{:02},5\n", order % 6, 1 + order);
        }
    }
    lines
}

#[test]
fn nothing_is_too_small_to_be_published() {
    let empty = |run: &Run| {
        for table in ["affinity_ptp", "affinity_sequence", "affinity_rules", "affinity_ptp_delta"] {
            assert_eq!(run.value(&format!("SELECT COUNT(*) AS n FROM {table}")), "0", "{table}");
        }
        let json = fs::read_to_string(run.summary.folder.join("rules/affinity_rules.json")).unwrap();
        assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&json).unwrap().len(), 0);
        assert!(verify(&run.summary.folder).is_whole());
    };
    // One product only.
    empty(&bare(&baskets(&["only"]), COLUMNS, ""));
    // No products at all.
    empty(&bare(&baskets(&["x", "y"]), r#"order_id = "o", customer_id = "c", ts = "d", amount = "a""#, ""));
    // A window in which too little happened, and none of it twice.
    empty(&bare(&baskets(&["x", "y"]), COLUMNS, "window_days = 3"));
    // Switched off.
    empty(&bare(&baskets(&["x", "y"]), COLUMNS, "enabled = false"));
    // Two products that are in every basket: together as often as apart is impossible, so the lift is 1.
    let run = bare(&baskets(&["x", "y"]), COLUMNS, "");
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM affinity_ptp"), "0");
    identities(&run.summary.folder);
}

#[test]
fn what_is_excluded_given_back_or_too_large_is_not_counted() {
    let mut lines = baskets(&["x", "y", "bag"]);
    // As many baskets without either, one of six hundred products, and customers who gave back what they had.
    for order in 12..40 {
        lines += &format!("o{order},c{},z,2026-02-{:02},5\n", order % 6, 1 + order % 28);
    }
    for product in 0..600 {
        lines += &format!("huge,c0,h{product},2026-03-01,5\n");
    }
    lines += "back1,c0,y,2026-03-02,-5\nback2,c0,y,2026-03-02,-5\nback3,c1,y,2026-03-02,-5\n";
    let run = bare(&lines, COLUMNS, "exclude_products = [\"bag\", \"never seen\"]");
    identities(&run.summary.folder);
    let pair = |level: &str| {
        run.ask(&format!(
            "SELECT n_a, n_b, n_ab, n_total, rank, conviction_infinite FROM affinity_ptp \
             WHERE level = '{level}' AND product_a = 'x' AND product_b = 'y' AND granularity = 'product'"
        ))
    };
    assert_eq!(pair("basket"), [["12", "12", "12", "40", "1", "true"]]);
    // c0 gave both back, c1 one of two; five customers keep y, all six have x: no lift above 1.
    assert_eq!(pair("customer"), Vec::<Vec<String>>::new());
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM affinity_ptp WHERE product_a = 'bag' OR product_b = 'bag'"), "0");
    let huge = "SELECT value, is_limit FROM affinity_figures WHERE subject = 'basket' AND figure = 'megabaskets'";
    assert_eq!(run.ask(huge), [["1", "true"]]);
    let manifest = fs::read_to_string(run.summary.folder.join("manifest.json")).unwrap();
    assert!(manifest.contains("1 baskets of more than 500 products"), "{manifest}");
}

#[test]
fn variants_are_never_paired_and_rare_products_have_stand_ins() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = baskets(&["shirt-s", "shirt-m", "trousers"]);
    for order in 12..30 {
        lines += &format!("o{order},c{},socks,2026-02-{:02},5\n", order % 6, 1 + order % 28);
    }
    lines += "o3,c3,hat,2026-01-04,5\n";
    fs::write(folder.path().join("lines.csv"), lines).unwrap();
    let products = "p,cat,var,stock,to\nshirt-s,tops,shirt,1,\nshirt-m,tops,shirt,0,\ntrousers,legs,,1,2026-01-31\n\
                    socks,legs,,1,\nhat,tops,,1,\n";
    fs::write(folder.path().join("products.csv"), products).unwrap();
    let text = format!(
        "[project]\nname = \"shop\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n\n\
         [inputs.transactions]\nfiles = [\"lines.csv\"]\ncolumns = {{ {COLUMNS} }}\n\n\
         [inputs.products]\nfiles = [\"products.csv\"]\n\
         columns = {{ product_id = \"p\", category = \"cat\", variant_of = \"var\", stock = \"stock\", available_to = \"to\" }}\n"
    );
    let run = run_in(folder, &text);
    identities(&run.summary.folder);
    let partners = |of: &str| {
        run.ask(&format!(
            "SELECT product_b, rank, related_eligible, suppressed_reason, backed_off FROM affinity_ptp \
             WHERE level = 'basket' AND granularity = 'product' AND product_a = '{of}' ORDER BY rank"
        ))
    };
    assert_eq!(partners("shirt-s"), [["trousers", "1", "false", "discontinued", "false"]]);
    // The best that can be offered first, then what cannot.
    let of_trousers = partners("trousers");
    assert_eq!(of_trousers[0][..3], ["shirt-s", "1", "true"]);
    assert_eq!(of_trousers[1], ["shirt-m", "2", "false", "out_of_stock", "false"]);
    // A hat was sold once: what goes with its category stands in, as far as it can be offered.
    let of_hat = partners("hat");
    assert!(of_hat.iter().all(|row| row[4] == "true" && row[2] == "true" && row[0] != "hat"), "{of_hat:?}");
}

#[test]
fn limits_of_memory_change_no_byte() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    let plain = run_file(&path, &RunOptions::default()).folder;
    let expected = fs::read(plain.join("tables/affinity_ptp.parquet")).unwrap();
    let loaded = config::load(&path).unwrap();
    let options = RunOptions { memory: Some(64 << 20), threads: Some(1), force: true, ..RunOptions::default() };
    pipeline::run(&loaded, &options, &Silent, &Cancel::new()).unwrap();
    assert!(expected == fs::read(plain.join("tables/affinity_ptp.parquet")).unwrap());
}
