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
    let chosen = if summary.as_of_given { "as given" } else { "the day after the newest transaction" };
    let mut text = format!("run {} {outcome}\nas of {}, {chosen}\n\n", summary.run_id, summary.as_of);
    text += &inputs(summary);
    text += "\n";
    let currency = summary.currency.as_deref().unwrap_or_default();
    let facts = [
        ("customers", summary.customers.map(whole)),
        ("orders", summary.orders.map(whole)),
        ("net revenue", summary.net_revenue_e4.map(|value| format!("{} {currency}", money(value)))),
    ];
    for (name, value) in facts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<12} {value}");
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
    align(&lines, &[false, true, true, true, true, true, true, true])
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
