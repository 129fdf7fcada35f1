//! One reporter for everything that ends a verb.

use std::fmt::Write as _;
use std::io::ErrorKind;

/// The error in words: what, where, got, expected, cure, then its causes.
pub fn report(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        writeln!(text, "  because   {}", cause.to_string().replace('\n', "\n            "))
            .expect("a String takes all");
    }
    if let Some(cure) = cure(error) {
        writeln!(text, "  cure      {cure}").expect("a String takes all");
    }
    text
}

/// What helps against errors of the system, wherever they came from.
fn cure(error: &anyhow::Error) -> Option<&'static str> {
    match io_kind(error)? {
        ErrorKind::StorageFull => Some("free disk space and run again: finished parts are kept"),
        ErrorKind::PermissionDenied => Some("make the path readable and the runs directory writable"),
        ErrorKind::TooManyLinks | ErrorKind::ReadOnlyFilesystem => {
            Some("point --runs at a writable directory")
        }
        _ => None,
    }
}

fn io_kind(error: &anyhow::Error) -> Option<ErrorKind> {
    error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind)
}

/// Whether the reader of our output went away.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    io_kind(error) == Some(ErrorKind::BrokenPipe)
}

/// The exit code that `--help` documents.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<pipeline::Error>())
        .map_or(1, pipeline::Error::exit_code)
}
