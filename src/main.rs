//! The `patronage` binary.

use clap::Parser;
use patronage::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    if let Some(threads) = cli.threads() {
        // The embedded engine reads this when it is first used, and has no other way to be told.
        #[expect(unsafe_code, reason = "no other thread exists yet that could read the environment")]
        unsafe {
            std::env::set_var("POLARS_MAX_THREADS", threads.to_string());
        }
    }
    std::process::ExitCode::from(cli.run() as u8)
}
