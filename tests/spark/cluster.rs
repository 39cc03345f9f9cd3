//! A Spark Connect server for the tests, one for all of them: started by `server.sh`, stopped by process id.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// The port of the tests' own server.
const PORT: u16 = 15_322;

/// Memory of an executor.
const MEGABYTES: usize = 1024;

/// A server that runs.
pub struct Cluster {
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

/// Whether it is there to be started.
static INSTALLED: LazyLock<bool> = LazyLock::new(|| server(&["installed"]).is_some());

fn server(arguments: &[&str]) -> Option<String> {
    server_with(arguments, None)
}

fn server_with(arguments: &[&str], token: Option<&str>) -> Option<String> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/spark/server.sh");
    let mut command = Command::new(script);
    let done = command.args(arguments).envs(token.map(|token| ("PATRONAGE_SPARK_TOKEN", token))).output().unwrap();
    eprint!("{}", String::from_utf8_lossy(&done.stderr));
    done.status.success().then(|| String::from_utf8(done.stdout).unwrap())
}

impl Cluster {
    /// A fresh server with so many executors; nobody else has it meanwhile. `None`, said on stderr, where no Spark is installed.
    pub fn start(executors: usize) -> Option<Cluster> {
        Cluster::started(executors, MEGABYTES, None)
    }

    /// The same, whose executors have so many megabytes.
    pub fn start_with(executors: usize, megabytes: usize) -> Option<Cluster> {
        Cluster::started(executors, megabytes, None)
    }

    /// The same, which takes only those who have a token.
    pub fn start_for(executors: usize, token: Option<&str>) -> Option<Cluster> {
        Cluster::started(executors, MEGABYTES, token)
    }

    fn started(executors: usize, megabytes: usize, token: Option<&str>) -> Option<Cluster> {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        if !*INSTALLED {
            eprintln!("SKIPPED: no Spark here; `tests/spark/server.sh install` brings it");
            return None;
        }
        let cluster = Cluster { _alone: alone };
        server_with(&["start", &PORT.to_string(), &executors.to_string(), &megabytes.to_string()], token)
            .expect("the server starts");
        Some(cluster)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("sc://127.0.0.1:{PORT}")
    }

    /// The `[engine]` section of a pipeline file.
    pub fn section(&self) -> String {
        format!("\n[engine]\nkind = \"spark\"\nurl = \"{}\"\n", self.url())
    }

    /// Process ids of the executors.
    pub fn executors(&self) -> Vec<u32> {
        let said = server(&["executors", &PORT.to_string()]).unwrap();
        said.lines().map(|line| line.trim().parse().unwrap()).collect()
    }

    /// What the server has written into its log.
    pub fn log(&self) -> String {
        let folder = std::env::temp_dir().join(format!("patronage-spark-{}/{PORT}", user()));
        std::fs::read_to_string(folder.join("log")).unwrap()
    }
}

fn user() -> String {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        server(&["stop", &PORT.to_string()]);
    }
}
