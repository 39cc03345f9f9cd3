//! `patronage query`: SQL over a run's tables, from the argument, from stdin, or at a prompt.

use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;

use rustyline::error::ReadlineError;

use super::args::{GlobalArgs, RowArgs};
use super::pipeline_file;
use crate::error::{Error, ErrorKind, Result};

const EXAMPLES: &str = "\
Examples:
  patronage query \"SELECT rfm_segment, COUNT(*) AS customers FROM customers GROUP BY rfm_segment\"
  patronage query < report.sql --out report.parquet
  patronage query                                a prompt with history";

const PROMPT_HELP: &str = "\
SQL over the run's tables, one statement a line.
  .tables          the tables
  .schema TABLE    the columns of a table
  .quit            leave (or Ctrl-D)";

/// SQL over a run's tables; a prompt when there is no SQL and a terminal
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES)]
pub struct Args {
    /// The statement [default: read from stdin, or from a prompt]
    sql: Option<String>,
    /// The run to ask
    #[arg(long, value_name = "RUN", default_value = "latest")]
    run: String,
    #[command(flatten)]
    rows: RowArgs,
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let loaded = pipeline_file::load(None, global)?;
    let run = pipeline_file::find_run(&pipeline_file::output_dir(&loaded)?, Some(&args.run))?;
    let tables = pipeline_file::tables_of(&run)?;
    match args.sql {
        Some(sql) => answer(&tables, &sql, &args.rows),
        None if io::stdin().is_terminal() => prompt(&tables, &args.rows, global),
        None => {
            let mut sql = String::new();
            io::stdin().read_to_string(&mut sql).map_err(|error| {
                Error::usage("could not read SQL from stdin").hint("give it as UTF-8 text").because(error)
            })?;
            answer(&tables, &sql, &args.rows)
        }
    }
}

fn answer(tables: &[(String, PathBuf)], sql: &str, rows: &RowArgs) -> Result<()> {
    let sql = sql.trim().trim_end_matches(';');
    if sql.is_empty() {
        return Err(Error::usage("no SQL").hint("for example `patronage query \"SELECT * FROM customers\"`"));
    }
    rows.deliver_rows(&pipeline_file::ask(tables, sql)?)
}

/// Statements one after another; a mistake in one is shown and does not end the prompt.
fn prompt(tables: &[(String, PathBuf)], rows: &RowArgs, global: &GlobalArgs) -> Result<()> {
    let failed = |error: ReadlineError| Error::internal("could not read from the terminal").because(error);
    let mut editor = rustyline::DefaultEditor::new().map_err(failed)?;
    let history = history_file();
    if let Some(file) = &history {
        // The first time there is no history, and without one the prompt is as good.
        let _ = editor.load_history(file);
    }
    loop {
        let line = match editor.readline("patronage> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(error)),
        };
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        editor.add_history_entry(line).map_err(failed)?;
        let answered = match line.split_once(' ').unwrap_or((line, "")) {
            (".quit" | ".exit", _) => break,
            (".help", _) => rows.deliver_text(PROMPT_HELP),
            (".tables", _) => rows.deliver_text(&names(tables).join("\n")),
            (".schema", table) => schema(tables, table.trim(), rows),
            _ => answer(tables, line, rows),
        };
        if let Err(error) = answered {
            super::show(&error, global);
        }
    }
    if let Some(file) = &history {
        let _ = file.parent().map(std::fs::create_dir_all);
        let _ = editor.save_history(file);
    }
    Ok(())
}

fn names(tables: &[(String, PathBuf)]) -> Vec<&str> {
    tables.iter().map(|(name, _)| name.as_str()).collect()
}

/// The columns of a table, from an answer without rows.
fn schema(tables: &[(String, PathBuf)], table: &str, rows: &RowArgs) -> Result<()> {
    if !names(tables).contains(&table) {
        return Err(Error::new(ErrorKind::Usage, format!("no table `{table}`")).hint("`.tables` lists them"));
    }
    let answer = pipeline_file::ask(tables, &format!("SELECT * FROM {table} LIMIT 0"))?;
    let fields = answer.schema.fields().iter();
    let lines: Vec<String> = fields.map(|field| format!("{}  {}", field.name(), field.data_type())).collect();
    rows.deliver_text(&lines.join("\n"))
}

/// `$XDG_STATE_HOME/patronage/history`, as the XDG base directories say.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    Some(state.or(home)?.join("patronage/history"))
}
