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
use crate::pipeline::{Group, Summary};

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
    let facts = [
        ("customers", grouped(summary.customers)),
        ("orders", grouped(summary.orders)),
        ("net revenue", format!("{} {}", summary.net_revenue, summary.currency)),
    ];
    for (name, value) in facts {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<12} {value}");
    }
    for (title, groups) in [("value tier", &summary.value_tiers), ("RFM segment", &summary.rfm_segments)] {
        if !groups.is_empty() {
            text += "\n";
            text += &sizes(title, groups);
        }
    }
    text += "\n";
    text += &tables(summary);
    for gate in summary.gates.iter().filter(|gate| gate.held) {
        let _ = writeln!(text, "gate {}: {}", gate.name, escape(&gate.message));
    }
    for warning in &summary.warnings {
        let _ = writeln!(text, "warning: {}", escape(warning));
    }
    let elapsed = Duration::try_from_secs_f64(summary.seconds).unwrap_or_default();
    let _ = writeln!(
        text,
        "\n{} in {} ({})",
        count(summary.tables.len() as u64, "table"),
        summary.folder.display(),
        seconds(elapsed)
    );
    text
}

fn inputs(summary: &Summary) -> String {
    let header = ["input", "files", "read", "staged", "rejected", "duplicate", "out of window"];
    let mut lines = vec![header.map(str::to_owned).to_vec()];
    for input in &summary.inputs {
        let counts =
            [input.files, input.read, input.staged, input.rejected, input.duplicate, input.out_of_window].map(grouped);
        lines.push([input.name.clone()].into_iter().chain(counts).collect());
    }
    align(&lines, &[false, true, true, true, true, true, true])
}

fn sizes(title: &str, groups: &[Group]) -> String {
    let mut lines = vec![[title, "customers", "net revenue"].map(str::to_owned).to_vec()];
    for group in groups {
        lines.push(vec![escape(&group.name).into_owned(), grouped(group.customers), group.net_revenue.clone()]);
    }
    align(&lines, &[false, true, true])
}

fn tables(summary: &Summary) -> String {
    let mut lines = vec![["table", "rows", "file"].map(str::to_owned).to_vec()];
    for table in &summary.tables {
        lines.push(vec![table.name.clone(), grouped(table.rows), table.file.display().to_string()]);
    }
    align(&lines, &[false, true, false])
}
