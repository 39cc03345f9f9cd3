//! `patronage segment`: which customers a predicate takes.

use super::args::{GlobalArgs, RowArgs};
use super::pipeline_file;
use super::render::Rows;
use crate::engine;
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  patronage segment \"orders >= 3 AND rfm_segment = 'At Risk'\"
  patronage segment sleeping_stars             a segment of the pipeline file, by its name
  patronage segment \"orders = 1\" --columns customer_id,net_revenue --out once.csv";

/// The customers of a run that a predicate takes
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES)]
pub struct Args {
    /// A SQL predicate over the columns of `customers`, or the name of a segment of the pipeline file
    #[arg(value_name = "WHERE")]
    predicate: String,
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
    let named = loaded.config.segments.get(args.predicate.trim());
    let predicate = named.map_or(args.predicate.as_str(), |segment| segment.predicate.as_str());
    let columns = if args.columns.is_empty() { "*".to_owned() } else { args.columns.join(", ") };
    let sql = format!("SELECT {columns} FROM customers WHERE ({predicate}) ORDER BY customer_id");
    let answer = engine::ask(&engine::tables_of(&run.path)?, &sql)?;
    args.rows.deliver_rows(&Rows::from_batches(answer))
}
