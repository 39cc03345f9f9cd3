//! `patronage segment`: which customers a predicate takes.

use super::args::{GlobalArgs, RowArgs};
use super::pipeline_file;
use crate::engine;
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  patronage segment \"orders >= 3 AND rfm_segment = 'At Risk'\"
  patronage segment sleeping_stars             a segment of the pipeline file, by its name
  patronage segment \"orders = 1\" --columns customer_id,net_revenue --out once.csv
  patronage segment --sql \"SELECT customer_id FROM routing WHERE priority = 1\"";

/// The customers of a run that a predicate takes
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES)]
pub struct Args {
    /// A SQL predicate over the columns of `customers`, or the name of a segment of the pipeline file
    #[arg(value_name = "WHERE", required_unless_present = "sql")]
    predicate: Option<String>,
    /// A whole query over the run's tables, instead of a predicate
    #[arg(long, value_name = "QUERY", conflicts_with_all = ["predicate", "columns"])]
    sql: Option<String>,
    /// Columns to show [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// The run to ask
    #[arg(long, value_name = "RUN", default_value = "latest")]
    run: String,
    #[command(flatten)]
    rows: RowArgs,
}

pub fn run(args: &Args, global: &GlobalArgs) -> Result<()> {
    let loaded = pipeline_file::load(None, global)?;
    let run = pipeline_file::find_run(&pipeline_file::output_dir(&loaded)?, Some(&args.run))?;
    let sql = match (&args.sql, &args.predicate) {
        (Some(sql), _) => sql.clone(),
        (None, predicate) => {
            let typed = predicate.as_deref().unwrap_or_default().trim();
            let named = loaded.config.segments.get(typed).map(|segment| segment.predicate.as_str());
            select(named.unwrap_or(typed), &args.columns)?
        }
    };
    args.rows.deliver_rows(&pipeline_file::ask(&pipeline_file::tables_of(&run)?, &sql)?)
}

/// The query that a predicate stands for. Predicate and columns are parsed on their own, so that they can be nothing but
/// an expression each.
fn select(predicate: &str, columns: &[String]) -> Result<String> {
    let expression = |what: &str, text: &str| engine::predicate(what, text).map_err(pipeline_file::typed);
    let condition = expression("WHERE", predicate)?;
    let columns: Result<Vec<String>> = columns.iter().map(|column| expression("--columns", column)).collect();
    let columns = columns?;
    let columns = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
    Ok(format!("SELECT {columns} FROM customers WHERE {condition} ORDER BY customer_id"))
}
