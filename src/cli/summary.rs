//! What a run did, for a person or a scheduler.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use super::args::SummaryFormat;
use super::escape::escape;
use super::output::{deliver, writing};
use super::render::align;
use super::words::{count, grouped, seconds};
use crate::error::{Error, Result};
use crate::pipeline::Summary;

/// Writes the summary to stdout; `outcome` is what became of the run.
pub fn show(summary: &Summary, outcome: &str, format: SummaryFormat) -> Result<()> {
    let text = match format {
        SummaryFormat::Text => in_words(summary, outcome),
        SummaryFormat::Json => {
            let mut value = serde_json::to_value(summary)
                .map_err(|error| Error::internal("cannot write the summary").because(error))?;
            value["outcome"] = json!(outcome.replace(' ', "_"));
            format!("{value:#}\n")
        }
    };
    deliver(None, |out| writing(out.write_all(text.as_bytes())))
}

fn in_words(summary: &Summary, outcome: &str) -> String {
    let has_transactions = summary.inputs.iter().any(|line| line.input == "transactions");
    let chosen = match (summary.as_of_given, has_transactions) {
        (true, _) => "as given",
        (false, true) => "the day after the newest transaction",
        (false, false) => "the day after the newest interaction",
    };
    let mut text = format!("run {} {outcome}\nas of {}, {chosen}\n\n", summary.run_id, summary.as_of);
    text += &inputs(summary);
    let currency = summary.currency.as_deref().unwrap_or_default();
    let facts = [
        ("customers", summary.customers.map(whole)),
        ("orders", summary.orders.map(whole)),
        ("net revenue", summary.net_revenue_e4.map(|value| format!("{} {currency}", money(value)))),
    ];
    let mut gap = "\n";
    for (name, value) in facts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{gap}{name:<12} {value}");
        gap = "";
    }
    for (kind, title) in [
        ("tier", "value tier"),
        ("service_level", "service level"),
        ("rfm_segment", "RFM segment"),
        ("segment", "segment"),
    ] {
        if let Some(groups) = summary.populations.get(kind).filter(|groups| !groups.is_empty()) {
            text += "\n";
            text += &sizes(title, groups);
        }
    }
    text += "\n";
    text += &tables(summary);
    for gate in summary.gates.iter().filter(|gate| gate.held) {
        let _ = writeln!(text, "gate {}: {}", gate.name, escape(&gate.message));
    }
    let elapsed = Duration::try_from_secs_f64(summary.seconds).unwrap_or_default();
    let tables = count(summary.tables.len() as u64, "table");
    let _ = writeln!(text, "\n{tables} in {} ({})", summary.folder.display(), seconds(elapsed));
    if !summary.is_latest {
        let _ = writeln!(text, "`latest` still names another run");
    }
    text
}

fn inputs(summary: &Summary) -> String {
    let header = ["input", "files", "cached", "read", "staged", "rejected", "duplicate", "out of window"];
    let mut lines = vec![header.map(str::to_owned).to_vec()];
    for input in &summary.inputs {
        let counts = &input.counts;
        let files = [input.files as u64, input.cached_files as u64];
        let rows = [counts.read, counts.staged, counts.rejected, counts.duplicate, counts.out_of_window];
        lines.push([input.input.clone()].into_iter().chain(files.into_iter().chain(rows).map(grouped)).collect());
    }
    let mut text = align(&lines, &[false, true, true, true, true, true, true, true]);
    for input in summary.inputs.iter().filter(|input| input.counts.skipped + input.counts.folded > 0) {
        let (skipped, folded) = (grouped(input.counts.skipped), grouped(input.counts.folded));
        let _ = writeln!(text, "{}: {skipped} rows skipped, {folded} events part of another row", input.input);
    }
    text
}

fn sizes(title: &str, groups: &[(String, i64)]) -> String {
    let mut lines = vec![[title, "customers"].map(str::to_owned).to_vec()];
    for (name, customers) in groups {
        lines.push(vec![escape(name).into_owned(), whole(*customers)]);
    }
    align(&lines, &[false, true])
}

fn tables(summary: &Summary) -> String {
    let mut lines = vec![["table", "rows", "file"].map(str::to_owned).to_vec()];
    for table in &summary.tables {
        lines.push(vec![table.table.clone(), grouped(table.rows), table.file.display().to_string()]);
    }
    align(&lines, &[false, true, false])
}

fn whole(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// Ten-thousandths with two decimals at least, and four where they are needed.
fn money(value: i128) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = value.unsigned_abs();
    let part = format!("{:04}", digits % 10_000);
    let part = part.strip_suffix("00").unwrap_or(&part);
    format!("{sign}{}.{part}", grouped((digits / 10_000) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Counts;
    use crate::pipeline::{InputLine, TableLine};
    use crate::publish::GateVerdict;

    fn example() -> Summary {
        let counts = Counts { read: 541_909, staged: 536_639, rejected: 2, duplicate: 5_268, ..Counts::default() };
        Summary {
            run_id: "2011-12-10-0123456789ab".to_owned(),
            folder: "out/runs/2011-12-10-0123456789ab".into(),
            is_latest: true,
            as_of: "2011-12-10".to_owned(),
            as_of_given: false,
            currency: Some("GBP".to_owned()),
            inputs: vec![InputLine { input: "transactions".to_owned(), files: 3, counts, cached_files: 2 }],
            customers: Some(4_338),
            orders: Some(18_532),
            net_revenue_e4: Some(-88_872_088_940),
            populations: [("rfm_segment".to_owned(), vec![("At Risk\u{1b}".to_owned(), 1_204)])].into(),
            tables: vec![TableLine {
                table: "customers".to_owned(),
                rows: 4_338,
                file: "out/runs/2011-12-10-0123456789ab/tables/customers.parquet".into(),
            }],
            gates: vec![GateVerdict {
                name: "max_reject_ratio".to_owned(),
                subject: "transactions".to_owned(),
                value: 0.0,
                limit: 0.01,
                held: false,
                message: "2 of 541,909 rows rejected".to_owned(),
            }],
            seconds: 12.34,
        }
    }

    #[test]
    fn a_person_reads_what_was_read_who_is_there_and_where_the_tables_are() {
        insta::assert_snapshot!(in_words(&example(), "published"));
    }

    #[test]
    fn a_run_that_is_not_the_latest_says_so() {
        let some = Summary { is_latest: false, customers: None, orders: None, net_revenue_e4: None, ..example() };
        let text = in_words(&some, "published");
        assert!(text.ends_with("`latest` still names another run\n"), "{text}");
        assert!(!text.contains("net revenue"), "{text}");
    }

    #[test]
    fn money_keeps_every_digit_that_says_something() {
        let shown = [0, 1, -1, 10_000, 12_345_678, i128::from(i64::MIN)].map(money);
        assert_eq!(shown, ["0.00", "0.0001", "-0.0001", "1.00", "1,234.5678", "-922,337,203,685,477.5808"]);
    }
}
