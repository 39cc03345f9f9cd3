//! The consumers of contact centres over tables of a few rows: what is in their files, what never is, what is refused, and
//! that two nights of deltas are the second night's whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::{Value as Json, json};

use super::dataset::{Body, Dataset, Limits};
use super::records::{Field, Kind, Records};
use super::{Consumer, Options, Source, amazon_connect, asterisk, consumer, files, genesys, twilio};
use crate::error::Result;

/// A customer of `routing`: key, level, language.
type Caller<'a> = (&'a str, &'a str, Option<&'a str>);

/// The tables of one night.
struct Night<'a> {
    /// Name, queue, priority; the last is the default one.
    levels: Vec<(&'a str, &'a str, i32)>,
    callers: Vec<Caller<'a>>,
    opaque: bool,
    valid_from: i32,
}

const NIGHT: i32 = 20_635;

fn night<'a>(callers: &[Caller<'a>]) -> Night<'a> {
    Night {
        levels: vec![("diamond", "diamond_team", 1), ("pearl", "general", 3), ("cz", "self_service", 4)],
        callers: callers.to_vec(),
        opaque: false,
        valid_from: NIGHT,
    }
}

fn texts<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringArray>())
}

fn write_table(folder: &Path, name: &str, columns: Vec<(&str, ArrayRef)>) -> (String, std::path::PathBuf) {
    let path = folder.join(format!("{name}.parquet"));
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)));
    let batch = batch.unwrap();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    (name.to_owned(), path)
}

impl Night<'_> {
    /// The columns of the policy that both `service_levels` and `routing` have, for these levels.
    fn policy<'a>(&'a self, names: &[&'a str]) -> Vec<(&'static str, ArrayRef)> {
        let levels = &self.levels;
        let of = |name: &str| levels.iter().find(|level| level.0 == name).unwrap();
        let all = |value: &'static str| texts(names.iter().map(|_| Some(value)));
        let number = |value: i32| Arc::new(Int32Array::from(vec![value; names.len()])) as ArrayRef;
        let money =
            Decimal128Array::from(names.iter().map(|name| (*name == "pearl").then_some(305_000)).collect::<Vec<_>>());
        let ids: Vec<String> = names.iter().map(|name| format!("route.{name}.v1")).collect();
        vec![
            ("service_level", texts(names.iter().copied().map(Some))),
            ("rule_id", texts(ids.iter().map(|id| Some(id.as_str())))),
            ("strategy", all("grow")),
            ("queue", texts(names.iter().map(|name| Some(of(name).1)))),
            ("priority", Arc::new(names.iter().map(|name| Some(of(name).2)).collect::<Int32Array>())),
            (
                "required_skills",
                texts(names.iter().map(|name| Some(if *name == "diamond" { "best patient" } else { "" }))),
            ),
            ("vru_path", all("short")),
            (
                "target_wait_seconds",
                Arc::new(names.iter().map(|name| Some(of(name).2 * 10 - 10)).collect::<Int32Array>()),
            ),
            ("trade_wait_seconds", number(5)),
            (
                "talk_limit_seconds",
                Arc::new(names.iter().map(|name| (*name != "diamond").then_some(240)).collect::<Int32Array>()),
            ),
            ("response_channels", all("email web")),
            ("email_sla_minutes", number(720)),
            ("solution_cost_cap", Arc::new(money.with_precision_and_scale(18, 4).unwrap())),
            ("loyalty_offer", all("case")),
            ("education", all("new_product")),
            ("cobrowse_allowed", Arc::new(BooleanArray::from(vec![true; names.len()]))),
            ("fee_applies", Arc::new(BooleanArray::from(vec![false; names.len()]))),
            ("price_tier", texts(names.iter().map(|_| None))),
        ]
    }

    fn source(&self, folder: &Path, consumer: &'static str) -> Source {
        let names: Vec<&str> = self.levels.iter().map(|level| level.0).collect();
        let mut levels = self.policy(&names);
        let is_default: Vec<bool> = (1..=names.len()).map(|place| place == names.len()).collect();
        levels.push(("is_default", Arc::new(BooleanArray::from(is_default))));

        let asked: Vec<&str> = self.callers.iter().map(|caller| caller.1).collect();
        let mut routing = self.policy(&asked);
        let day = |day: i32| Arc::new(Date32Array::from(vec![day; asked.len()])) as ArrayRef;
        let all = |value: &'static str| texts(asked.iter().map(|_| Some(value)));
        routing.extend([
            ("routing_key", texts(self.callers.iter().map(|caller| Some(caller.0)))),
            ("key_type", all(if self.opaque { "keyed_hash" } else { "customer_id" })),
            ("customer_id", texts(self.callers.iter().map(|caller| (!self.opaque).then_some(caller.0)))),
            ("value_group", all("Migrator")),
            ("value_cell", all("ML")),
            ("language", texts(self.callers.iter().map(|caller| caller.2))),
            (
                "open_complaint",
                Arc::new(asked.iter().map(|level| Some(*level == "cz")).collect::<BooleanArray>()) as ArrayRef,
            ),
            ("dedicated_agent", texts(asked.iter().map(|level| (*level == "diamond").then_some("Agent Uschi")))),
            ("next_offer_product", texts(asked.iter().map(|_| None))),
            ("valid_from", day(self.valid_from)),
            ("valid_to", day(self.valid_from + 7)),
        ]);
        let tables = vec![write_table(folder, "service_levels", levels), write_table(folder, "routing", routing)];
        Source::new(consumer, "2026-07-01-0123456789ab", tables)
    }

    fn datasets(&self, name: &'static str) -> Vec<Dataset> {
        let folder = tempfile::tempdir().unwrap();
        let consumer: &Consumer = consumer(name).unwrap();
        (consumer.build)(&self.source(folder.path(), name), &Options::default()).unwrap()
    }
}

/// The files of datasets by name: all of it, or what changed since `old`.
fn written(name: &str, datasets: &[Dataset], old: Option<&[Dataset]>) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for (place, dataset) in datasets.iter().enumerate() {
        let before = old.and_then(|old| match &old[place].body {
            Body::Records { records, .. } => Some(records),
            Body::Document { .. } => None,
        });
        files::write(name, dataset, before, &mut |part| {
            found.insert(part.name.to_owned(), String::from_utf8(part.content.to_vec()).unwrap());
            Ok(())
        })?;
    }
    Ok(found)
}

fn full(night: &Night<'_>, name: &'static str) -> BTreeMap<String, String> {
    written(name, &night.datasets(name), None).unwrap()
}

fn csv_rows(text: &str, has_headers: bool) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(has_headers).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// What a filter of a TaskRouter workflow says of attributes: comparisons of keys and constants with `==`, `!=`, `<`, `<=`, `>`,
/// `>=`, `IN` and `HAS`, joined by `AND` and then by `OR` (<https://www.twilio.com/docs/taskrouter/expression-syntax>; no
/// parentheses here). A key is letters, digits and `_`; one that is not there is null.
fn holds(filter: &str, attributes: &Json) -> bool {
    let value = |word: &str| -> Json {
        let is_key = word.starts_with(|first: char| first.is_ascii_alphabetic()) && word != "true" && word != "false";
        if !is_key {
            return serde_json::from_str(&word.replace('\'', "\"")).unwrap_or_else(|_| panic!("{word} is no constant"));
        }
        assert!(word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'), "`{word}` is no key");
        attributes.get(word).cloned().unwrap_or(Json::Null)
    };
    let comparison = |text: &str| {
        let words: Vec<&str> = text.trim().splitn(3, ' ').collect();
        let [left, operator, right] = words[..] else { panic!("{text}") };
        let (left, right) = (value(left), value(right));
        let number = |value: &Json| value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
        match operator {
            "==" => left == right,
            "!=" => left != right,
            ">" => number(&left) > number(&right),
            "<" => number(&left) < number(&right),
            "HAS" => left.as_array().unwrap().contains(&right),
            "IN" => right.as_array().unwrap().contains(&left),
            other => panic!("{other}"),
        }
    };
    filter.split(" OR ").any(|all| all.split(" AND ").all(comparison))
}

#[test]
fn filters_of_a_workflow_find_tasks() {
    let night = night(&[("1001", "diamond", Some("de")), ("1002", "pearl", None), ("1003", "cz", Some("en"))]);
    let files = full(&night, "twilio");
    let tasks: Vec<Json> =
        files["task_attributes_full.ndjson"].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = |filter: &str| -> Vec<&str> {
        tasks.iter().filter(|task| holds(filter, task)).map(|task| task["routing_key"].as_str().unwrap()).collect()
    };
    assert_eq!(found("service_level == 'diamond' AND open_complaint == false"), ["1001"]);
    assert_eq!(found("open_complaint == true OR language == 'de'"), ["1001", "1003"]);
    assert_eq!(found("required_skills HAS 'patient'"), ["1001"]);
    assert_eq!(found("language IN ['en', 'fr']"), ["1003"]);
    // A limit of 30.5 is a number, and no limit is null.
    assert_eq!(found("service_level == 'pearl' AND solution_cost_cap > 30"), ["1002"]);
    // The larger number goes first: 1, 3 and 4 of `routing`.
    assert_eq!(found("priority == 3"), ["1001"]);
    assert_eq!(found("priority == 1"), ["1002"]);
    assert_eq!(found("priority == 0"), ["1003"]);
    for task in &tasks {
        assert!(task["priority"].is_u64());
        for (name, value) in task.as_object().unwrap() {
            assert!(
                name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'),
                "{name}"
            );
            assert!(!value.is_object(), "{name}");
        }
    }
    let stranger: Json = serde_json::from_str(&files["unknown_caller.json"]).unwrap();
    assert!(holds("service_level == 'cz' AND priority == 0 AND routing_key == null", &stranger));
}

#[test]
fn attributes_longer_than_a_task_takes_are_refused() {
    let length = |words: usize| {
        let skills = "q".repeat(words);
        let mut night = night(&[("1001", "diamond", None)]);
        night.levels[0].1 = &skills;
        let folder = tempfile::tempdir().unwrap();
        let made = (twilio::CONSUMER.build)(&night.source(folder.path(), "twilio"), &Options::default());
        made.map(|datasets| written("twilio", &datasets, None).unwrap()["task_attributes_full.ndjson"].trim_end().len())
    };
    let without_queue = length(1).unwrap() - 1;
    assert_eq!(length(twilio::MOST_CHARACTERS - without_queue).unwrap(), twilio::MOST_CHARACTERS);
    let error = length(twilio::MOST_CHARACTERS - without_queue + 1).unwrap_err().to_string();
    assert!(error.contains("4097") && !error.contains("1001"), "{error}");
}

/// `spec/tables.md` 4.1 and `spec/cautions.md`: nobody is in a data table, and keys of Predictive Routing are opaque.
#[test]
fn genesys_never_learns_who_somebody_is() {
    let personal = ["anna@example.com", "+49 170 1234567", "Agent Uschi"];
    let callers = [("anna@example.com", "diamond", Some("de")), ("+49 170 1234567", "cz", None)];
    let mut known = night(&callers);
    let datasets = known.datasets("genesys");
    let files = written("genesys", &datasets, None).unwrap();
    assert!(csv_rows(&files["customers_full.csv"], true).is_empty());
    assert_eq!(datasets[1].left_out, [(genesys::NOT_OPAQUE.to_owned(), 2)]);

    known.callers = vec![("9f86d081884c7d65", "diamond", Some("de")), ("2c26b46b68ffc68f", "cz", None)];
    known.opaque = true;
    let opaque = full(&known, "genesys");
    assert_eq!(csv_rows(&opaque["customers_full.csv"], true).len(), 2);
    for text in files.values().chain(opaque.values()) {
        assert!(personal.iter().all(|personal| !text.contains(personal)), "{text}");
    }
    // The policy is the same whoever the customers are, and has the key that imports of data tables ask for.
    assert_eq!(files["policy.csv"], opaque["policy.csv"]);
    let rows = csv_rows(&files["policy.csv"], false);
    assert_eq!(rows[0][..4], ["key", "strategy", "queue", "priority"]);
    assert_eq!(rows[2][..4], ["diamond", "grow", "diamond_team", "3"]);
}

fn one_column(name: String, keys: impl Iterator<Item = String>) -> Records {
    let mut records = Records::new(vec![Field::new(name, Kind::Id)], 1);
    keys.for_each(|key| records.push(&[key.into()]).unwrap());
    records.sorted().unwrap()
}

fn columns(count: usize) -> Records {
    let fields = (0..count).map(|column| Field::new(format!("c{column}"), Kind::Id));
    Records::new(fields.collect(), 1).sorted().unwrap()
}

/// What became of records under limits: rows by file, or what was said.
fn parts(records: Records, limits: Limits) -> std::result::Result<Vec<u64>, String> {
    let format = super::Format::Csv(super::Csv { header: true, guard: super::Guard::Off });
    let mut rows = Vec::new();
    let dataset = Dataset::new("t", records, format).within(limits);
    let written = files::write("genesys", &dataset, None, &mut |part| {
        rows.push(part.rows);
        Ok(())
    });
    written.map(|_| rows).map_err(|error| error.to_string())
}

#[test]
fn a_data_table_is_refused_beyond_its_limits() {
    let rows = |count: usize| one_column("key".into(), (0..count).map(|row| row.to_string()));
    assert_eq!(parts(rows(5_000), genesys::DATA_TABLE), Ok(vec![5_000]));
    assert!(parts(rows(5_001), genesys::DATA_TABLE).unwrap_err().contains("5001 rows, and it takes 5000"));
    assert!(parts(columns(50), genesys::DATA_TABLE).is_ok());
    assert!(parts(columns(51), genesys::DATA_TABLE).unwrap_err().contains("51 columns, and it takes 50"));
    let key = |letters: usize| one_column("key".into(), ["ü".repeat(letters)].into_iter());
    assert!(parts(key(256), genesys::DATA_TABLE).is_ok());
    assert!(parts(key(257), genesys::DATA_TABLE).unwrap_err().contains("256 characters"));
}

#[test]
fn predictive_routing_gets_several_files_and_no_more_than_it_reads() {
    let rows = (0..2_500_001_u32).map(|row| format!("{row:07}"));
    assert_eq!(parts(one_column("routing_key".into(), rows), genesys::PREDICTIVE), Ok(vec![2_500_000, 1]));
    assert!(parts(columns(100), genesys::PREDICTIVE).is_ok());
    assert!(parts(columns(101), genesys::PREDICTIVE).unwrap_err().contains("101 columns"));
    let named = |letters: usize| one_column("n".repeat(letters), ["1".to_owned()].into_iter());
    assert!(parts(named(127), genesys::PREDICTIVE).is_ok());
    assert!(parts(named(128), genesys::PREDICTIVE).unwrap_err().contains("127 characters"));
}

#[test]
fn uploads_of_profiles_are_held_to_their_limits() {
    let named = |letters: usize| one_column("n".repeat(letters), ["1".to_owned()].into_iter());
    assert!(parts(named(64), amazon_connect::UPLOAD).is_ok());
    assert!(parts(named(65), amazon_connect::UPLOAD).unwrap_err().contains("64 characters"));
    let cell = |letters: usize| one_column("customer_id".into(), ["ü".repeat(letters)].into_iter());
    assert!(parts(cell(255), amazon_connect::UPLOAD).is_ok());
    let error = parts(cell(256), amazon_connect::UPLOAD).unwrap_err();
    assert!(error.contains("255 characters") && !error.contains('ü'), "{error}");
    // A gigabyte is not made here: the same limits with fewer bytes. Head and two rows of four are 20 bytes.
    let rows = one_column("customer_id".into(), (100..103).map(|row| row.to_string()));
    assert_eq!(parts(rows, Limits { bytes: Some(20), ..amazon_connect::UPLOAD }), Ok(vec![2, 1]));
}

#[test]
fn asterisk_finds_queue_priority_and_wait_by_caller() {
    let night = night(&[("1001", "diamond", None), ("=7+1", "pearl", None), ("default", "cz", None)]);
    let files = full(&night, "asterisk");
    let text = &files["astdb_full.csv"];
    let rows: BTreeMap<String, String> =
        csv_rows(text, false).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let expected = [
        ("caller/1001", "diamond_team|3|0"),
        // No guard: the key is what the caller is looked up by.
        ("caller/=7+1", "general|1|20"),
        // A customer of that name is not who is not known.
        ("caller/default", "self_service|0|30"),
        ("default", "self_service|0|30"),
    ];
    assert_eq!(rows, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    // `while IFS=, read -r key value` of a shell reads the same.
    let by_shell = text.lines().map(|line| line.split_once(',').unwrap());
    assert_eq!(by_shell.collect::<Vec<_>>(), expected);
}

#[test]
fn a_queue_that_would_come_apart_is_refused() {
    let mut night = night(&[("1001", "diamond", None)]);
    night.levels[0].1 = "a|b";
    let folder = tempfile::tempdir().unwrap();
    let made = (asterisk::CONSUMER.build)(&night.source(folder.path(), "asterisk"), &Options::default());
    assert!(made.unwrap_err().to_string().contains("`a|b`"));
}

/// Puts a delta and its removals onto a full file, by the first column.
fn applied(format: &str, whole: &str, delta: &str, removed: &str) -> String {
    let has_head =
        format == "csv" && whole.starts_with(|first: char| first.is_ascii_lowercase()) && !whole.starts_with("caller/");
    let key = |line: &str| match format {
        "csv" => csv_rows(line, false)[0][0].clone(),
        _ => serde_json::from_str::<Json>(line).unwrap()["routing_key"].as_str().unwrap().to_owned(),
    };
    let body = |text: &str| -> Vec<(String, String)> {
        text.lines().skip(usize::from(has_head)).map(|line| (key(line), line.to_owned())).collect()
    };
    let mut rows: BTreeMap<String, String> = body(whole).into_iter().collect();
    rows.extend(body(delta));
    body(removed).iter().for_each(|(key, _)| {
        rows.remove(key).unwrap();
    });
    let head = whole.lines().take(usize::from(has_head)).map(str::to_owned);
    head.chain(rows.into_values()).map(|line| line + "\n").collect()
}

#[test]
fn the_deltas_of_two_nights_are_the_second_nights_whole() {
    let mut first = night(&[("a", "diamond", Some("de")), ("b", "pearl", None), ("c", "cz", None), ("d", "cz", None)]);
    // b is worth more, c is gone, e is new, and it is the next day.
    let mut second =
        night(&[("a", "diamond", Some("de")), ("b", "diamond", None), ("d", "cz", None), ("e", "pearl", Some("fr"))]);
    second.valid_from += 1;
    (first.opaque, second.opaque) = (true, true);
    for (name, dataset, format) in [
        ("twilio", "task_attributes", "ndjson"),
        ("asterisk", "astdb", "csv"),
        ("genesys", "customers", "csv"),
        ("zen", "routing_facts", "ndjson"),
    ] {
        let (old, new) = (first.datasets(name), second.datasets(name));
        let (before, after) = (written(name, &old, None).unwrap(), written(name, &new, None).unwrap());
        let changes = written(name, &new, Some(&old)).unwrap();
        let file = |part: &str| format!("{dataset}_{part}.{format}");
        let (delta, removed) = (&changes[&file("delta")], &changes[&file("removed")]);
        let made = applied(format, &before[&file("full")], delta, removed);
        assert_eq!(made, after[&file("full")], "{name}");
        // Two rows: the day of the run is in none of them.
        let heads = usize::from(name == "genesys");
        assert_eq!((delta.lines().count(), removed.lines().count()), (2 + heads, 1 + heads), "{name}");
    }
}

#[test]
fn zen_gets_the_policy_once_and_the_facts_of_each_customer() {
    let night = night(&[("1001", "diamond", Some("de")), ("1002", "cz", None)]);
    let files = full(&night, "zen");
    let decision: Json = serde_json::from_str(&files["routing.json"]).unwrap();
    let rules = decision["nodes"][1]["content"]["rules"].as_array().unwrap();
    let ids: Vec<&Json> = rules.iter().map(|rule| &rule["_id"]).collect();
    assert_eq!(ids, ["route.diamond.v1", "route.pearl.v1", "route.cz.v1", "route.cz.v1.unknown"]);
    let cells = |rule: usize| {
        ["talk_limit_seconds", "solution_cost_cap", "required_skills", "valid_to"].map(|name| rules[rule][name].clone())
    };
    assert_eq!(cells(0), ["null", "null", "\"best patient\"", "\"2026-07-08\""]);
    assert_eq!(cells(1), ["240", "30.5", "\"\"", "\"2026-07-08\""]);
    let facts: Vec<Json> =
        files["routing_facts_full.ndjson"].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(facts[0]["dedicated_agent"], "Agent Uschi");
    assert_eq!(facts[1]["open_complaint"], json!(true));
    // Without affinity a decision that knows of nothing.
    let affinity: Json = serde_json::from_str(&files["affinity.json"]).unwrap();
    assert_eq!(affinity["nodes"][1]["content"]["rules"], json!([]));
}
