//! What is refused before any table is made.

use arrow::datatypes::{Decimal128Type, DecimalType};

use super::graph::Graph;
use crate::config::{Config, Loaded};
use crate::error::{Error, Result};
use crate::ingest::Staged;
use crate::models::{LEAST_KEY_BYTES, ROUTING_KEY, Secrets};
use crate::publish::{DECIMAL, MONEY_LIMIT, OutputDir};

/// Refuses to make opaque routing keys without a key to hash by, or with a short one.
pub fn routing_key(config: &Config, graph: &Graph, secrets: &Secrets) -> Result<()> {
    let variable = &config.routing.key_env;
    if !config.routing.opaque_keys || graph.node("routing_keys").is_none() {
        return Ok(());
    }
    match secrets.0.get(ROUTING_KEY) {
        Some(key) if key.len() >= LEAST_KEY_BYTES => Ok(()),
        Some(_) => Err(Error::config(format!("the routing key in `{variable}` is shorter than {LEAST_KEY_BYTES} bytes"))
            .hint("make one of random letters and digits, for example with `openssl rand -hex 32`")),
        None => Err(Error::config(format!("`routing.opaque_keys` needs a key, and `{variable}` is not set")).hint(format!(
            "put a secret of {LEAST_KEY_BYTES} bytes or more into the environment variable `{variable}`, the same every night"
        ))),
    }
}

/// Refuses inputs inside the output folder: the next night would read what this one wrote.
pub fn own_output(loaded: &Loaded, out: &OutputDir, staged: &Staged) -> Result<()> {
    let Ok(root) = out.root().canonicalize() else { return Ok(()) };
    let files =
        staged.inputs.iter().flat_map(|input| input.report.files.iter().map(move |file| (input.input.name, file)));
    for (input, file) in files {
        let inside = loaded.dir.join(&file.path).canonicalize().is_ok_and(|path| path.starts_with(&root));
        if inside {
            return Err(Error::config(format!("`{}` of the input `{input}` lies inside the output folder", file.path))
                .hint("set `[output] dir` to a folder that no pattern of `files` reaches"));
        }
    }
    Ok(())
}

/// Refuses amounts whose sum no table can hold: it would be too large for its column, or wrap and be another number.
pub fn amounts(staged: &Staged) -> Result<()> {
    for input in &staged.inputs {
        let total = input.report.totals.amount_staged_e4;
        if total.unsigned_abs() >= u128::from(MONEY_LIMIT) {
            let (precision, scale) = DECIMAL;
            return Err(Error::input(format!(
                "the amounts of {} add up to {}, which DECIMAL({precision},{scale}) cannot hold",
                input.input.name,
                money(total)
            ))
            .hint(
                "look at the column that is mapped to `amount`: is it money, with its decimal point, in its currency?",
            ));
        }
    }
    Ok(())
}

/// Ten-thousandths as decimal text.
pub fn money(amount_e4: i128) -> String {
    Decimal128Type::format_decimal(amount_e4, Decimal128Type::MAX_PRECISION, DECIMAL.1)
}
