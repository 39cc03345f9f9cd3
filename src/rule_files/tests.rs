//! Every row comes back from the three files, whatever characters its ids have.

use serde_json::Value;

use super::*;
use crate::models::affinity::rule_id;

/// Ids that end texts, cells and patterns in one format or another.
const AWKWARD: [&str; 16] = [
    "85123A",
    "12\" ruler",
    "mother's day",
    "12\" mother's `day`",
    "'\"'\"",
    "back\\slash\\",
    "\\u0041\\n",
    "a,b;c|d",
    "ends with...",
    " blanks around ",
    "$param and ${x} and $1",
    "Käse 乳製品 🧀",
    "line\nfeed\r\n\ttab",
    "\u{1}\u{7f}",
    "true",
    "1e5",
];

fn row<'a>(ids: &'a [String], at: usize, rank: u32) -> PairRule<'a> {
    PairRule {
        rule_id: &ids[at * 3 + rank as usize - 1],
        level: if at % 2 == 0 { "basket" } else { "customer" },
        product_a: AWKWARD[at],
        product_b: AWKWARD[(at + rank as usize) % AWKWARD.len()],
        rank,
        n_a: 100 + at as u64,
        n_ab: 10 * u64::from(rank) + at as u64,
        confidence: 1.0 / f64::from(rank + 2),
        lift: 1e6 / f64::from(rank),
        llr: 123_456.789,
        q_value: if rank == 1 { 1e-300 } else { 0.049 },
    }
}

fn ids() -> Vec<String> {
    (0..AWKWARD.len() * 3).map(|at| rule_id("basket", "product", "complement", "a", &at.to_string())).collect()
}

fn all(ids: &[String]) -> Vec<PairRule<'_>> {
    (0..AWKWARD.len()).flat_map(|at| (1..4).map(move |rank| row(ids, at, rank))).collect()
}

/// What an expression of texts joined by `+` is worth to ZEN: no escapes, either quote.
fn text_of_zen(expression: &str) -> String {
    let (mut text, mut rest) = (String::new(), expression);
    loop {
        let quote = rest.chars().next().filter(|quote| "'\"".contains(*quote)).expect("a quote");
        let (part, after) = rest[1..].split_once(quote).expect("the same quote");
        text.push_str(part);
        if after.is_empty() {
            return text;
        }
        rest = after.strip_prefix(" + ").expect("a plus");
    }
}

#[test]
fn jdm_has_every_row_as_an_expression() {
    let ids = ids();
    let rules = all(&ids);
    let decision: Value = serde_json::from_str(&jdm(&rules)).expect("JSON");
    let content = &decision["nodes"][1]["content"];
    assert_eq!(content["hitPolicy"], "collect");
    let columns = |of: &str| -> Vec<&str> {
        content[of]
            .as_array()
            .expect("columns")
            .iter()
            .map(|column| column["field"].as_str().expect("a name"))
            .collect()
    };
    assert_eq!(columns("inputs"), ["level", "product_a"]);
    let rows = content["rules"].as_array().expect("rows");
    assert_eq!(rows.len(), rules.len());
    for (cells, rule) in rows.iter().zip(&rules) {
        let cell = |name: &str| cells[name].as_str().expect("cells are text");
        assert_eq!(cells["_id"], rule.rule_id);
        let texts = ["level", "product_a", "product_b", "rule_id"].map(|name| text_of_zen(cell(name)));
        assert_eq!(texts, [rule.level, rule.product_a, rule.product_b, rule.rule_id]);
        assert_eq!((cell("rank"), cell("n_ab")), (&*rule.rank.to_string(), &*rule.n_ab.to_string()));
        for (name, value) in
            [("confidence", rule.confidence), ("lift", rule.lift), ("llr", rule.llr), ("q_value", rule.q_value)]
        {
            assert!(cell(name).bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "{name}: {}", cell(name));
            assert!((cell(name).parse::<f64>().expect("a number") - value).abs() <= 5e-13 + 1e-15 * value, "{name}");
        }
        for column in columns("outputs") {
            assert!(!cell(column).is_empty(), "{column}");
        }
    }
}

#[test]
fn json_rules_ask_for_both_facts_and_rank_first() {
    let ids = ids();
    let rules = all(&ids);
    let text = json_rules(&rules);
    assert_eq!(text.lines().count(), rules.len() + 2, "one rule a line");
    let list: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    for (made, rule) in list.iter().zip(&rules) {
        assert_eq!(made["conditions"]["all"][0]["value"], rule.level);
        assert_eq!(made["conditions"]["all"][1]["value"], rule.product_a);
        assert_eq!(made["event"]["params"]["product_b"], rule.product_b);
        assert_eq!(made["event"]["params"]["n_ab"], rule.n_ab);
        assert_eq!(made["priority"], 4 - rule.rank);
    }
    let none: Vec<Value> = serde_json::from_str(&json_rules(&[])).expect("JSON");
    assert!(none.is_empty());
}

/// What a text between double quotes is worth to Java and to DRL.
fn text_of_java(literal: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut letters = literal.chars();
    while let Some(letter) = letters.next() {
        assert!(letter.is_ascii() && !letter.is_ascii_control() && letter != '"', "{literal:?}");
        let unit = match letter {
            '\\' => match letters.next().expect("an escape") {
                'n' => u16::from(b'\n'),
                'r' => u16::from(b'\r'),
                't' => u16::from(b'\t'),
                'u' => {
                    let digits: String = letters.by_ref().take(4).collect();
                    let unit = u16::from_str_radix(&digits, 16).expect("four digits");
                    // javac reads these before it knows of texts.
                    assert!(![10, 13, 34, 92].contains(&unit), "{literal:?}");
                    unit
                }
                plain @ ('"' | '\\') => plain as u16,
                other => panic!("\\{other}"),
            },
            letter => letter as u16,
        };
        units.push(unit);
    }
    String::from_utf16(&units).expect("UTF-16")
}

#[test]
fn drools_has_a_table_of_conditions_and_actions() {
    let ids = ids();
    let rules = all(&ids);
    let text = drools_csv(&rules);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let lines: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("CSV");
    let begins: Vec<&str> = lines.iter().take(6).map(|line| line.get(1).unwrap_or("")).collect();
    assert_eq!(begins, ["RuleSet", "Import", "Variables", "", "RuleTable affinity", "NAME"]);
    assert_eq!(lines.len(), 9 + rules.len());
    for (line, rule) in lines[9..].iter().zip(&rules) {
        assert_eq!(line.len(), 13);
        assert_eq!((&line[0], &line[1], &line[5]), ("", rule.rule_id, rule.rule_id));
        assert_eq!([&line[3], &line[4], &line[6]].map(text_of_java), [rule.level, rule.product_a, rule.product_b]);
        for cell in line.iter().skip(1) {
            assert!(!cell.is_empty() && cell.trim() == cell && !cell.ends_with("...") && !cell.contains('$'), "{cell}");
        }
    }
}

#[test]
fn the_strongest_are_chosen_and_the_others_counted() {
    let base = PairRule {
        rule_id: "r",
        level: "basket",
        product_a: "a",
        product_b: "x",
        rank: 1,
        n_a: 50,
        n_ab: 9,
        confidence: 0.5,
        lift: 2.0,
        llr: 20.0,
        q_value: 0.01,
    };
    let rows = [
        PairRule { q_value: 0.051, ..base },
        PairRule { q_value: f64::NAN, ..base },
        PairRule { n_ab: 4, q_value: 0.05, ..base },
        // The second has rank 4 and is in: one before it is not significant.
        PairRule { rank: 4, product_b: "w", ..base },
        PairRule { rank: 5, product_b: "v", ..base },
        PairRule { rank: 2, product_b: "y", ..base },
        PairRule { rank: 3, product_b: "z", ..base },
        PairRule { level: "customer", n_a: 70, ..base },
        PairRule { product_a: "b", n_a: 70, ..base },
        PairRule { product_a: "c", n_a: 69, ..base },
    ];
    let choice = Choice { products: 2, ..Choice::default() };
    let chosen = choose(&rows, &choice);
    let of = |rule: &PairRule<'_>| format!("{} {} {}", rule.level, rule.product_a, rule.product_b);
    assert_eq!(
        chosen.rules.iter().map(of).collect::<Vec<_>>(),
        ["basket a y", "basket a z", "basket a w", "basket b x", "customer a x"]
    );
    assert_eq!((chosen.over_q, chosen.under_count, chosen.over_per_product), (2, 1, 1));
    assert_eq!((chosen.over_products, chosen.products_left_out), (1, 1));
    let mut turned = rows;
    turned.reverse();
    assert_eq!(choose(&turned, &choice), chosen);
    assert_eq!(choose(&[], &choice).rules, []);
}
