//! The program `deepdive`, also called as `cargo xtask`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use deepdive::{Cli, fault};

/// Training allocates and frees large buffers all the time; glibc gives them back to the system each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    deepdive::start_logging(cli.log);
    let result = deepdive::run(&cli, &mut io::stdout());
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // the reader of a pipe went away: `deepdive show … | head`
        Err(error) if fault::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = write!(io::stderr().lock(), "{}", fault::report(&error));
            ExitCode::from(fault::exit_code(&error))
        }
    }
}
