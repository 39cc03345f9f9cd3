//! `patronage completions`: for shells.

use clap_complete::Shell;

use super::output::{deliver, writing};
use crate::error::Result;

/// A completion script for a shell
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn run(args: &Args, command: &mut clap::Command) -> Result<()> {
    // The generator panics when its writer fails, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "patronage", &mut script);
    deliver(None, |out| writing(out.write_all(&script)))
}
