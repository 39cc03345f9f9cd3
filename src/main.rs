//! The `patronage` binary.

use clap::Parser;
use patronage::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    if let Some(threads) = cli.threads() {
        // The embedded engine, and what encodes tables, read these when they are first used, and have no other way to be
        // told.
        for variable in ["POLARS_MAX_THREADS", "RAYON_NUM_THREADS"] {
            #[expect(unsafe_code, reason = "no other thread exists yet that could read the environment")]
            unsafe {
                std::env::set_var(variable, threads.to_string());
            }
        }
    }
    std::process::ExitCode::from(cli.run() as u8)
}
