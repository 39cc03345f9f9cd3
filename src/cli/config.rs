//! `patronage config`: the pipeline file, for editors and for people.

use std::path::PathBuf;

use clap::Subcommand;

use super::args::GlobalArgs;
use super::output::{deliver, writing};
use super::pipeline_file;
use crate::config;
use crate::error::{Error, Result};
use crate::names::suggest;

/// The pipeline file: its JSON Schema, and what it says with all defaults
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The JSON Schema of the pipeline file
    ///
    /// Editors check a pipeline file against it when its first line is `#:schema ./patronage.schema.json`:
    ///
    ///   patronage config schema > patronage.schema.json
    #[command(verbatim_doc_comment)]
    Schema,
    /// A preset of an input as it is built in, with what it expects of the export; without a name, all names
    Preset {
        /// Its name, as in `preset = "asterisk-queue-log"`
        name: Option<String>,
    },
    /// The pipeline file with every default written out, and the verdict on its RFM grid
    Show {
        /// The pipeline file, or its folder [default: `--config`, else the nearest `patronage.toml`]
        pipeline: Option<PathBuf>,
    },
}

pub fn run(command: Command, global: &GlobalArgs) -> Result<()> {
    let text = match command {
        Command::Schema => config::schema(),
        Command::Preset { name: None } => config::PRESETS.map(|preset| format!("{}\n", preset.name)).concat(),
        Command::Preset { name: Some(name) } => {
            let names = config::PRESETS.map(|preset| preset.name);
            let preset = config::PRESETS.iter().find(|preset| preset.name == name);
            let unknown = || Error::usage(format!("there is no preset `{name}`")).hint(suggest(&name, &names));
            preset.ok_or_else(unknown)?.text.to_owned()
        }
        Command::Show { pipeline } => {
            let loaded = pipeline_file::load(pipeline.as_deref(), global)?;
            let mut text = toml::to_string(&loaded.config)
                .map_err(|error| Error::internal("cannot write the pipeline file").because(error))?;
            for (name, input) in &loaded.config.inputs {
                if let Some(preset) = &input.preset {
                    text += &format!("# inputs.{name}: with the preset `{preset}`, which is written out above\n");
                }
            }
            for line in loaded.config.rfm.resolve_grid().verdict.report() {
                text += &format!("# RFM grid: {line}\n");
            }
            text
        }
    };
    deliver(None, |out| writing(out.write_all(text.as_bytes())))
}
