//! What is learnt from earlier days decides: a score with bands, reasons, actions and a value at risk where the model is
//! worth using, and the rules where it is not; and whoever has the scorecard's file gets the scores.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use patronage::config;
use patronage::generate::{GenerateOptions, Layout, generate};
use patronage::models::attrition::calibration::logit;
use patronage::models::attrition::metrics::Ranked;
use patronage::models::attrition::recalibration::Recalibration;
use patronage::models::attrition::scorecard::Scorecard;
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::{self, Outcome, RunOptions};
use patronage::publish::{Manifest, verify};
use patronage::rule_files::{Card, CardFeature, CardLine, Curve, scorecard_jdm, scorecard_sql};
use serde_json::Value;

use crate::foreign;
use crate::run_support::{ask_run, without_affinity};

/// A generated shop, run with these lines in its pipeline file.
struct Shop {
    _folder: tempfile::TempDir,
    out: PathBuf,
    run: PathBuf,
}

fn shop(lines: &str) -> Shop {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("shop");
    let options = GenerateOptions {
        out: out.clone(),
        customers: 2_500,
        products: 100,
        days: 600,
        seed: 2,
        layout: Layout::Single,
        threads: 2,
        ..GenerateOptions::default()
    };
    generate(&options, &Silent, &Cancel::new()).unwrap();
    let pipeline = out.join("patronage.toml");
    let text = without_affinity(fs::read_to_string(&pipeline).unwrap());
    fs::write(&pipeline, format!("{text}\n{lines}\n")).unwrap();
    let loaded = config::load(&pipeline).unwrap();
    let outcome = pipeline::run(&loaded, &RunOptions::default(), &Silent, &Cancel::new()).unwrap();
    let Outcome::Published(summary) = outcome else { panic!("the run is not published") };
    Shop { _folder: folder, out, run: summary.folder }
}

impl Shop {
    fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        ask_run(&self.run, sql)
    }

    fn value(&self, sql: &str) -> String {
        let rows = self.ask(sql);
        assert_eq!((rows.len(), rows[0].len()), (1, 1), "{sql}");
        rows[0][0].clone()
    }

    /// How many rows of `attrition` this is true of.
    fn count(&self, condition: &str) -> u64 {
        self.value(&format!("SELECT COUNT(*) AS n FROM attrition WHERE {condition}")).parse().unwrap()
    }
}

const USED: &str = "[attrition.model]\nmin_of_each = 50\neligible_days = 90\nbands = [0.35, 0.55]\n\
                    [attrition.actions]\nopen_complaints = \"say_sorry\"\nrecency_days = \"wave\"\noverdue = \"nudge\"\n";

#[test]
fn a_model_with_a_grade_decides_and_its_scorecard_can_be_taken_elsewhere() {
    let shop = shop(USED);
    for row in shop.ask("SELECT model, status, chosen, grade, auc, lift_10, reason FROM attrition_grades") {
        println!("{row:?}");
    }
    let chosen = shop.ask("SELECT model, grade FROM attrition_grades WHERE chosen");
    assert_eq!(chosen.len(), 1, "nothing is good enough to be used: this shop shows nothing");
    assert_eq!(chosen[0][0], "scorecard", "the trees are chosen: this shop does not show the scorecard's files");
    bands(&shop, &chosen[0][1]);
    values_and_reasons(&shop);
    nobody_who_may_not_be_profiled(&shop);
    our_engine_gets_the_scores(&shop);
    duckdb_gets_the_scores(&shop);
    zen_gets_the_scores(&shop);
    the_files_are_verified(&shop);
}

fn bands(shop: &Shop, grade: &str) {
    let scored = shop.count("score IS NOT NULL");
    assert!(scored > 500, "{scored}");
    assert_eq!(shop.count("score_status = 'ok'"), scored);
    let right = format!(
        "score IS NOT NULL AND score > 0 AND score < 1 AND band_source = 'score' AND score_model = 'scorecard' \
         AND score_grade = '{grade}' AND recency_days < 90 AND band = CASE WHEN score >= 0.55 THEN 'high_risk' \
         WHEN score >= 0.35 THEN 'at_risk' ELSE 'active' END"
    );
    assert_eq!(shop.count(&right), scored);
    for band in ["high_risk", "at_risk", "active"] {
        assert!(shop.count(&format!("score IS NOT NULL AND band = '{band}'")) > 0, "{band}");
    }
    // Who has been silent for too long keeps the band of the rules.
    let silent = shop.count("score_status = 'not_eligible'");
    assert!(silent > 100, "{silent}");
    let by_rules = "score_status = 'not_eligible' AND score IS NULL AND band_source = 'rules' AND recency_days >= 90 \
                    AND band IN ('lost', 'high_risk', 'at_risk', 'cooling', 'new', 'active')";
    assert_eq!(shop.count(by_rules), silent);
    assert!(shop.count("score_status = 'not_eligible' AND band = 'lost'") > 0);
    // The summary counts the bands that are shown.
    let sql = "SELECT COUNT(*) AS n FROM (SELECT CONCAT('band_', band) AS measure, COUNT(*) AS customers FROM attrition \
               WHERE status NOT IN ('profiling_opt_out', 'closed', 'prospect') GROUP BY band) AS a \
               JOIN attrition_summary AS s ON a.measure = s.measure WHERE a.customers <> s.customers";
    assert_eq!(shop.value(sql), "0");
    assert_eq!(shop.value("SELECT COUNT(*) AS n FROM attrition_summary WHERE measure = 'band_high_risk'"), "1");
}

fn values_and_reasons(shop: &Shop) {
    let sql = "SELECT CAST(value_at_risk AS DOUBLE) AS v, CAST(expected_value AS DOUBLE) AS e, score, p_return, value_source \
               FROM attrition WHERE value_at_risk IS NOT NULL";
    let (mut by_score, mut by_return) = (0, 0);
    for row in shop.ask(sql) {
        let number = |at: usize| row[at].parse::<f64>();
        let p = match number(2) {
            Ok(score) => {
                by_score += 1;
                score
            }
            Err(_) => {
                by_return += 1;
                1.0 - number(3).unwrap()
            }
        };
        assert!((number(0).unwrap() - p * number(1).unwrap()).abs() <= 0.5e-4 + 1e-9, "{row:?}");
        assert!(["lifetime_value", "value_window"].contains(&row[4].as_str()));
    }
    assert!(by_score > 500 && by_return > 100, "{by_score} {by_return}");
    let sql = "SELECT COUNT(*) AS n FROM attrition AS a JOIN customer_ltv AS y ON a.customer_id = y.customer_id \
               WHERE a.value_source = 'lifetime_value' AND a.expected_value <> y.value_horizon";
    assert_eq!(shop.value(sql), "0");
    assert!(shop.count("value_source = 'lifetime_value' AND score IS NOT NULL") > 500);

    // The reasons of who has a score are the model's, signed by what they did to it, in their order.
    let reasons = shop.ask(
        "SELECT r.customer_id, r.feature, r.contribution, a.drivers, a.band, a.suggested_action FROM attrition_reasons AS r \
         JOIN attrition AS a ON r.customer_id = a.customer_id ORDER BY r.customer_id, r.place",
    );
    let mut actions = std::collections::BTreeMap::<&str, usize>::new();
    for of_one in reasons.chunk_by(|one, other| one[0] == other[0]) {
        let signed =
            |row: &Vec<String>| format!("{}{}", if row[2].parse::<f64>().unwrap() > 0.0 { '+' } else { '-' }, row[1]);
        let told: Vec<String> = of_one.iter().map(signed).collect();
        assert!(told.len() <= 5);
        assert_eq!(of_one[0][3], told.join(" "));
        let action = told.iter().find_map(|reason| match reason.as_str() {
            "+open_complaints" => Some("say_sorry"),
            "+recency_days" => Some("wave"),
            _ => None,
        });
        let action = action.filter(|_| of_one[0][4] != "active").unwrap_or_default();
        assert_eq!(of_one[0][5], action, "{told:?} {}", of_one[0][4]);
        *actions.entry(action).or_default() += 1;
    }
    println!("actions: {actions:?}");
    assert!(actions.len() > 1, "{actions:?}");
    // The others have the signs of the rules, as before.
    let sql = "SELECT COUNT(*) AS n FROM attrition AS a JOIN attrition_drivers AS d ON a.customer_id = d.customer_id \
               WHERE a.score IS NULL AND d.place = 1 AND NOT STARTS_WITH(a.drivers, CONCAT(d.direction, d.driver))";
    assert_eq!(shop.value(sql), "0");
    assert!(shop.count("score IS NULL AND suggested_action = 'nudge'") > 0);
    assert_eq!(shop.count("suggested_action = 'nudge' AND score IS NOT NULL"), 0);
    // A save list: the most value at risk first.
    let sql = "SELECT COUNT(*) AS n FROM attrition AS a JOIN attrition AS b ON a.attrition_rank = b.attrition_rank - 1 \
               WHERE a.value_at_risk < b.value_at_risk";
    assert_eq!(shop.value(sql), "0");
    // No campaign of this shop ranks anybody.
    assert_eq!(shop.count("uplift IS NOT NULL OR value_saved IS NOT NULL OR save_rank <> attrition_rank"), 0);
}

fn nobody_who_may_not_be_profiled(shop: &Shop) {
    let mut reader = csv::Reader::from_path(shop.out.join("customers.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (id, objects) = (column("CustomerNo"), column("NoProfiling"));
    let newest: std::collections::BTreeMap<String, bool> =
        reader.records().map(Result::unwrap).map(|row| (row[id].to_owned(), &row[objects] == "Y")).collect();
    let hidden: Vec<String> =
        newest.into_iter().filter(|(_, objects)| *objects).map(|(id, _)| format!("'{id}'")).collect();
    assert!(!hidden.is_empty(), "nobody objects: this shop shows nothing");
    let hidden = hidden.join(", ");
    for table in ["attrition_inputs", "attrition_reasons", "attrition_drivers"] {
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE customer_id IN ({hidden})");
        assert_eq!(shop.value(&sql), "0", "{table}");
    }
    // A status, their id and a place in the list; no figure.
    let nothing = format!(
        "customer_id IN ({hidden}) AND (status <> 'profiling_opt_out' OR score_status <> 'profiling_opt_out' \
         OR band IS NOT NULL OR band_source IS NOT NULL OR score IS NOT NULL OR score_model IS NOT NULL \
         OR score_grade IS NOT NULL OR p_alive IS NOT NULL OR expected_value IS NOT NULL OR value_source IS NOT NULL \
         OR value_at_risk IS NOT NULL OR uplift IS NOT NULL OR value_saved IS NOT NULL OR drivers IS NOT NULL OR suggested_action IS NOT NULL)"
    );
    assert_eq!(shop.count(&nothing), 0);
}

fn card(shop: &Shop) -> String {
    fs::read_to_string(shop.run.join("rules/attrition_scorecard.sql")).unwrap()
}

/// Everybody with a score gets it, nobody else gets one.
fn our_engine_gets_the_scores(shop: &Shop) {
    let mut all = shop.ask(&card(shop));
    all.sort();
    let scores = shop.ask("SELECT customer_id, score FROM attrition WHERE score IS NOT NULL ORDER BY customer_id");
    assert_eq!(all.len(), scores.len());
    for (got, want) in all.iter().zip(&scores) {
        assert_eq!(got[0], want[0]);
        let [got, want] = [&got[2], &want[1]].map(|text| text.parse::<f64>().unwrap());
        assert!((got - want).abs() < 1e-12, "{got} {want}");
    }
}

/// What a foreign engine makes of the files in a run folder.
fn python(run: &Path, modules: &str, task: &str) -> Option<Value> {
    let python = foreign::python_with(modules)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/attrition_scorecard.py");
    let answer = foreign::output(python, &[script.as_ref(), task.as_ref(), run.as_ref()]);
    Some(serde_json::from_str(&answer).unwrap())
}

fn duckdb_gets_the_scores(shop: &Shop) {
    let Some(answer) = python(&shop.run, "duckdb", "duckdb") else { return };
    assert_eq!(answer["scores"], shop.count("score IS NOT NULL"));
    assert_eq!(answer["others"], 0);
    let most = answer["largest_difference"].as_f64().unwrap();
    println!("duckdb: {answer}");
    assert!(most < 1e-12, "{most}");
}

fn zen_gets_the_scores(shop: &Shop) {
    let Some(answer) = python(&shop.run, "duckdb, zen", "zen") else { return };
    println!("zen: {answer}");
    assert_eq!(answer["scores"], shop.count("score IS NOT NULL"));
    // Points are whole numbers, and the same; exponentials of decimals are not those of doubles.
    assert_eq!(answer["other_points"], 0);
    let most = answer["largest_difference"].as_f64().unwrap();
    assert!(most < 1e-9, "{most}");
}

fn the_files_are_verified(shop: &Shop) {
    assert!(verify(&shop.run).is_whole());
    let files = Manifest::read(&shop.run).unwrap().files;
    for file in ["rules/attrition_scorecard.sql", "rules/attrition_scorecard.jdm.json"] {
        let bytes = fs::read(shop.run.join(file)).unwrap();
        assert_eq!(files[file].blake3, blake3::hash(&bytes).to_hex().as_str(), "{file}");
    }
}

/// Isotonic recalibration needs more customers than a test has time for, so this card is made by hand; log-odds beyond those
/// that are recalibrated, limits, and what is not known are in it too.
#[test]
fn both_recalibrations_are_those_of_the_code_in_every_engine() {
    let line = |below, points| CardLine { below, points };
    let feature = |name: &str, lines, missing| CardFeature { name: name.to_owned(), lines, missing };
    let features = vec![
        feature("recency_days", vec![line(Some(30.0), -777), line(Some(31.5), 0), line(None, 1_234)], 5),
        feature("return_share", vec![line(Some(0.1 + 0.2), -20_000), line(Some(0.7), 11), line(None, 20_000)], -3),
        feature("p_alive", vec![line(None, 400)], -400),
    ];
    // A curve with blocks, jumps and level ends.
    let scores: Vec<f64> = (0..400).map(|row| Scorecard::probability(row * 13 - 2_600)).collect();
    let left: Vec<bool> = (0..400_u64).map(|row| (row * row * 7919) % 401 < row).collect();
    let Recalibration::Isotonic(isotonic) = Recalibration::isotonic(&Ranked::new(&scores, &left).unwrap()).unwrap()
    else {
        panic!("asked for isotonic")
    };
    assert!(isotonic.knots().len() > 10);
    let curves = [
        (Curve::Isotonic(isotonic.knots().to_vec()), Recalibration::Isotonic(isotonic)),
        (
            Curve::Logistic { intercept: -0.25, slope: 0.8125 },
            Recalibration::Logistic { intercept: -0.25, slope: 0.8125 },
        ),
    ];
    for (curve, recalibration) in curves {
        let card =
            Card { intercept: -321, features: features.clone(), curve, most_log_odds: logit(1.0), eligible_days: 90 };
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path();
        for name in ["tables", "rules"] {
            fs::create_dir(run.join(name)).unwrap();
        }
        fs::write(run.join("rules/attrition_scorecard.sql"), scorecard_sql(&card)).unwrap();
        fs::write(run.join("rules/attrition_scorecard.jdm.json"), scorecard_jdm(&card)).unwrap();
        let mut inputs = String::from("customer_id,recency_days,return_share,p_alive\n");
        let mut published = String::from("customer_id,score\n");
        let mut customer = 0;
        for (recency, of_recency) in [("29", -777), ("30", 0), ("31", 0), ("32", 1_234), ("89", 1_234), ("90", 1_234)] {
            let shares = [("0.3", -20_000), ("0.30000000000001", 11), ("0.5", 11), ("0.7", 20_000), ("", -3)];
            for (share, of_share) in shares {
                for (alive, of_alive) in [("0.5", 400), ("", -400)] {
                    customer += 1;
                    writeln!(inputs, "c{customer},{recency},{share},{alive}").unwrap();
                    let points = -321 + of_recency + of_share + of_alive;
                    let score = recalibration.apply(Scorecard::probability(points));
                    // Who has been silent for too long has none.
                    let score = if recency == "90" { String::new() } else { score.to_string() };
                    writeln!(published, "c{customer},{score}").unwrap();
                }
            }
        }
        fs::write(run.join("tables/attrition_inputs.csv"), inputs).unwrap();
        fs::write(run.join("tables/attrition.csv"), published).unwrap();
        for (modules, task, other, most) in
            [("duckdb", "duckdb", "others", 1e-14), ("duckdb, zen", "zen", "other_points", 1e-12)]
        {
            let Some(answer) = python(run, modules, task) else { continue };
            println!("{} in {task}: {answer}", recalibration.name());
            assert_eq!((&answer["scores"], &answer[other]), (&50.into(), &0.into()), "{task}");
            assert!(answer["largest_difference"].as_f64().unwrap() < most, "{task}: {answer}");
        }
    }
}

#[test]
fn with_too_few_customers_the_rules_decide_and_it_is_said_why() {
    // All customers together are fewer: nobody can have left often enough.
    let few = shop("[attrition.model]\nmin_of_each = 100000\n");
    let off = shop("[attrition.model]\nenabled = false\n");
    for (shop, status) in [(&few, "insufficient_data"), (&off, "disabled")] {
        assert_eq!(shop.count("score IS NOT NULL OR band_source = 'score' OR score_grade IS NOT NULL"), 0);
        let nobody = "score_status IN ('profiling_opt_out', 'prospect', 'closed', 'not_eligible', 'no_purchase')";
        assert_eq!(shop.count(&format!("NOT {nobody} AND score_status <> '{status}'")), 0);
        assert!(shop.count(&format!("score_status = '{status}'")) > 500);
        assert_eq!(shop.value("SELECT COUNT(*) AS n FROM attrition_reasons"), "0");
        assert!(!shop.run.join("rules/attrition_scorecard.sql").exists());
    }
    assert_eq!(few.value("SELECT COUNT(*) AS n FROM attrition_grades WHERE chosen OR status = 'ok'"), "0");
    // Without a score it makes no difference whether a model was tried.
    let rules = "SELECT customer_id, band, band_source, value_at_risk, drivers, suggested_action FROM attrition \
                 ORDER BY customer_id";
    let decided = few.ask(rules);
    assert!(decided == off.ask(rules));
    // The map that is there without one in the pipeline file.
    assert!(decided.iter().any(|row| row[5] == "remind"), "nobody is overdue");
}
