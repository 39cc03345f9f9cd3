//! CDNOW: score counts and tier movement of `spec/definitions.md` 3.1 and 3.3.

use crate::run_support::{Run, run_real};

fn with_method(method: &str) -> Option<Run> {
    run_real("cdnow", |text| format!("{text}\n[rfm]\nmethod = \"{method}\"\n"))
}

fn counts(run: &Run, score: &str) -> Vec<(String, i64)> {
    let sql = format!("SELECT {score}, COUNT(*) AS n FROM customers GROUP BY {score} ORDER BY {score}");
    run.ask(&sql).into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect()
}

fn numbered(counts: &[(i64, i64)]) -> Vec<(String, i64)> {
    counts.iter().map(|(score, customers)| (score.to_string(), *customers)).collect()
}

#[test]
fn quantile_scores_of_frequency() {
    let Some(run) = with_method("quantile") else { return };
    // definitions.md 3.1: edges 1, 1, 2, 4, so that score 2 is missing.
    assert_eq!(counts(&run, "rfm_f"), numbered(&[(1, 11_908), (3, 4_079), (4, 3_658), (5, 3_925)]));
}

#[test]
fn midrank_scores_of_frequency() {
    let Some(run) = with_method("midrank") else { return };
    assert_eq!(counts(&run, "rfm_f"), numbered(&[(2, 11_908), (3, 4_079), (4, 2_217), (5, 5_366)]));
}

#[test]
fn ntile_makes_equal_bins() {
    let Some(run) = with_method("ntile") else { return };
    // 23,570 = 5 x 4,714.
    for score in ["rfm_r", "rfm_f", "rfm_m"] {
        assert_eq!(counts(&run, score), numbered(&[(1, 4_714), (2, 4_714), (3, 4_714), (4, 4_714), (5, 4_714)]));
    }
}

#[test]
fn thresholds_are_the_users() {
    let Some(run) = run_real("cdnow", |text| {
        format!(
            "{text}\n[rfm]\nmethod = \"thresholds\"\n[rfm.thresholds]\nrecency = [30, 90, 180, 365]\n\
             frequency = [1, 2, 4, 8]\nmonetary = [\"20\", \"50\", \"100\", \"200\"]\n"
        )
    }) else {
        return;
    };
    // Score 1 is up to the first cut; recency is turned round.
    let ones = run.value("SELECT COUNT(*) AS n FROM customers WHERE rfm_f = 1 AND orders <> 1");
    assert_eq!(ones, "0");
    assert_eq!(counts(&run, "rfm_f")[0], ("1".to_owned(), 11_908));
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM customers WHERE (rfm_r = 5) <> (recency_days <= 30)"), "0");
}

#[test]
fn the_top_tier_moves_as_published() {
    let Some(run) = with_method("quantile") else { return };
    // definitions.md 3.3: fourth quarter of 1997 to the first of 1998, midrank pentiles among the buyers of each.
    let sql = "SELECT state_to, customers FROM tier_migration WHERE mode = 'rank' AND state_from = '1' \
               AND CAST(period_from AS VARCHAR) = '1997-10-01' ORDER BY state_to";
    let moved: Vec<(String, i64)> =
        run.ask(sql).into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect();
    assert_eq!(moved, numbered(&[(0, 289), (1, 301), (2, 127), (3, 60), (4, 50), (5, 17)]));
}

#[test]
fn the_raw_text_gives_the_same_customers() {
    let (Some(csv), Some(raw)) = (run_real("cdnow", |text| text), run_real("cdnow_raw", |text| text)) else { return };
    let sql = "SELECT * FROM customers ORDER BY customer_id";
    assert_eq!(csv.ask(sql), raw.ask(sql));
    let sql = "SELECT COUNT(*) AS customers, SUM(orders) AS orders, SUM(net_revenue) AS net FROM customers";
    assert_eq!(csv.ask(sql), [["23570", "69659", "2500315.6300"]]);
}
