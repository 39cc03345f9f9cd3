//! `patronage man`: for packagers.

use std::path::PathBuf;

use super::output::{deliver, writing};
use crate::error::{IoContext, Result};

/// The manual page, or a page a command into a folder
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write `patronage.1`, `patronage-run.1` and so on into this folder
    folder: Option<PathBuf>,
}

pub fn run(args: &Args, command: clap::Command) -> Result<()> {
    match &args.folder {
        Some(folder) => clap_mangen::generate_to(command, folder).writing(folder),
        None => {
            let mut page = Vec::new();
            writing(clap_mangen::Man::new(command).render(&mut page))?;
            deliver(None, |out| writing(out.write_all(&page)))
        }
    }
}
