//! Pipeline files with presets, and a look at the interactions that are staged from them.

use std::fs;
use std::path::Path;

use patronage::config::{self, Config};
use patronage::error::Result;
use patronage::ingest::{StageOptions, Staged, stage};
use patronage::monitor::{Cancel, Silent};

/// A folder with exports of interactions, read through the pipeline file as a user writes it.
pub struct Centre {
    pub dir: tempfile::TempDir,
    pub threads: usize,
    pub memory: Option<u64>,
    pub as_of: Option<jiff::civil::Date>,
}

impl Centre {
    /// A centre whose section `[inputs.interactions]` is `section`.
    pub fn new(section: &str) -> Centre {
        let centre = Centre { dir: tempfile::tempdir().unwrap(), threads: 2, memory: None, as_of: None };
        centre.write(
            "patronage.toml",
            &format!("[project]\nname = 'centre'\ncurrency = 'EUR'\ntime_zone = 'Europe/Berlin'\n[inputs.interactions]\n{section}\n"),
        );
        centre
    }

    /// A centre that reads `*.log` with the preset for Asterisk.
    pub fn asterisk() -> Centre {
        Centre::new("files = ['*.log']\npreset = 'asterisk-queue-log'")
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    pub fn config(&self) -> Result<Config> {
        Ok(config::load(&self.dir.path().join("patronage.toml"))?.config)
    }

    pub fn stage(&self) -> Staged {
        self.stage_into(&self.dir.path().join("cache"))
    }

    pub fn stage_into(&self, cache: &Path) -> Staged {
        let config = self.config().unwrap();
        let options = StageOptions {
            config: &config,
            dir: self.dir.path(),
            cache,
            as_of: self.as_of,
            threads: self.threads,
            memory: self.memory,
            keep_raw_rejects: false,
        };
        stage(&options, &Silent, &Cancel::new()).unwrap()
    }
}
