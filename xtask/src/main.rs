//! The program `deepdive`, also called as `cargo xtask`.

use std::process::ExitCode;

/// Training allocates and frees large buffers all the time; glibc gives them back to the system each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    deepdive::program(&deepdive::registry())
}
