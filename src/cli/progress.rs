//! What a person or a log sees while a command works, always on stderr: bars on a terminal, a line a stage and table
//! otherwise, or JSON lines.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::{GlobalArgs, LogFormat};
use super::escape::escape;
use super::words::{count, seconds};
use crate::monitor::{Event, Monitor, Silent};

const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// The monitor that the arguments and the terminal ask for.
pub fn monitor(args: &GlobalArgs) -> Box<dyn Monitor> {
    if args.quiet {
        return Box::new(Silent);
    }
    if args.log_format == LogFormat::Json {
        return Box::new(JsonLines);
    }
    let lines = Lines { color: args.color.into() };
    if args.verbose || !has_bars() {
        return Box::new(lines);
    }
    Box::new(Bars { lines, bars: MultiProgress::new(), stages: Mutex::default() })
}

/// Bars need a terminal that can move its cursor, and somebody before it.
fn has_bars() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    io::stderr().is_terminal() && !dumb && std::env::var_os("CI").is_none()
}

/// One line for each thing that ends, and for each warning.
struct Lines {
    color: anstream::ColorChoice,
}

impl Lines {
    fn text(event: &Event) -> Option<String> {
        match event {
            Event::StageStarted { .. } | Event::StageAdvanced { .. } => None,
            Event::StageFinished { stage, summary, elapsed } if summary.is_empty() => {
                Some(format!("{} ({})", escape(stage), seconds(*elapsed)))
            }
            Event::StageFinished { stage, summary, elapsed } => {
                Some(format!("{}: {} ({})", escape(stage), escape(summary), seconds(*elapsed)))
            }
            Event::TableFinished { table, rows, elapsed } => {
                Some(format!("{}: {} ({})", escape(table), count(*rows, "row"), seconds(*elapsed)))
            }
            Event::Note { message } => Some(format!("note: {}", escape(message))),
            Event::Warning { message } => Some(format!("{YELLOW}warning{YELLOW:#}: {}", escape(message))),
        }
    }
}

impl Monitor for Lines {
    fn event(&self, event: Event) {
        if let Some(text) = Lines::text(&event) {
            // A log that nobody takes must not stop the run.
            let _ = writeln!(anstream::AutoStream::new(io::stderr().lock(), self.color), "{text}");
        }
    }
}

/// One JSON object for each event but the small steps.
struct JsonLines;

impl Monitor for JsonLines {
    fn event(&self, event: Event) {
        let record = match event {
            Event::StageStarted { stage, total, unit } => {
                json!({"event": "stage_started", "stage": stage, "total": total, "unit": unit})
            }
            Event::StageAdvanced { .. } => return,
            Event::StageFinished { stage, summary, elapsed } => {
                json!({"event": "stage_finished", "stage": stage, "summary": summary, "seconds": elapsed.as_secs_f64()})
            }
            Event::TableFinished { table, rows, elapsed } => {
                json!({"event": "table_finished", "table": table, "rows": rows, "seconds": elapsed.as_secs_f64()})
            }
            Event::Note { message } => json!({"event": "note", "message": message}),
            Event::Warning { message } => json!({"event": "warning", "message": message}),
        };
        log_json(record);
    }
}

/// Writes a JSON object to stderr as one line, with the time and, where it has none, the level.
pub fn log_json(mut record: Value) {
    record["at"] = json!(Timestamp::now().to_string());
    if record.get("level").is_none() {
        record["level"] = json!(if record["event"] == "warning" { "warning" } else { "info" });
    }
    // A log that nobody takes must not stop the run.
    let _ = writeln!(io::stderr().lock(), "{record}");
}

/// A bar for each stage under way; what ends becomes a line above them.
struct Bars {
    lines: Lines,
    bars: MultiProgress,
    stages: Mutex<BTreeMap<String, ProgressBar>>,
}

/// How often a bar moves when nothing happens, so that a long table is seen to be alive.
const TICK: Duration = Duration::from_millis(200);

impl Bars {
    fn start(&self, stage: &str, total: Option<u64>, unit: &str) {
        let template = match (total, unit) {
            (Some(_), "bytes") => "{prefix:28} {bar:30} {bytes:>10} of {total_bytes} ({eta})",
            (Some(_), _) => "{prefix:28} {bar:30} {human_pos:>10} of {human_len} {msg}",
            (None, "bytes") => "{prefix:28} {spinner} {bytes:>10}",
            (None, _) => "{prefix:28} {spinner} {human_pos:>10} {msg}",
        };
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        // The templates are constants; should one be wrong, the crate's own style is good enough.
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(escape(stage).into_owned());
        bar.set_message(unit.to_owned());
        let bar = self.bars.add(bar);
        bar.enable_steady_tick(TICK);
        self.stages.lock().unwrap_or_else(PoisonError::into_inner).insert(stage.to_owned(), bar);
    }

    fn with_bar(&self, stage: &str, act: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self.stages.lock().unwrap_or_else(PoisonError::into_inner).get(stage) {
            act(bar);
        }
    }
}

impl Monitor for Bars {
    fn event(&self, event: Event) {
        match &event {
            Event::StageStarted { stage, total, unit } => self.start(stage, *total, unit),
            Event::StageAdvanced { stage, done } => self.with_bar(stage, |bar| bar.inc(*done)),
            Event::StageFinished { stage, .. } => self.with_bar(stage, ProgressBar::finish_and_clear),
            _ => {}
        }
        // Tables pass by quickly and are in the summary; on a terminal the stages and warnings are enough.
        if !matches!(event, Event::TableFinished { .. }) && Lines::text(&event).is_some() {
            self.bars.suspend(|| self.lines.event(event));
        }
    }
}
