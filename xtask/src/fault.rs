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
    let Some(kind) = io_kind(error) else {
        let stopped = matches!(refusal(error), Some(pipeline::Error::Stage { .. }));
        return stopped.then_some("correct it and run again: what is finished is kept");
    };
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Some("free disk space and run again: finished parts are kept")
        }
        ErrorKind::FileTooLarge => Some("raise the limit on file sizes (ulimit -f) and run again"),
        ErrorKind::PermissionDenied => Some("make the path readable and the runs directory writable"),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists | ErrorKind::ReadOnlyFilesystem => {
            Some("point --runs at a writable directory")
        }
        _ => None,
    }
}

fn io_kind(error: &anyhow::Error) -> Option<ErrorKind> {
    error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind)
}

/// Whether the disk, the network or a depot refused: then another try, or another machine, may do better.
#[cfg(feature = "cluster")]
pub(crate) fn is_of_the_system(error: &anyhow::Error) -> bool {
    io_kind(error).is_some() || matches!(refusal(error), Some(pipeline::Error::Io { .. }))
}

/// Whether the reader of our output went away. A broken pipe inside a stage is an error like others.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    io_kind(error) == Some(ErrorKind::BrokenPipe) && refusal(error).is_none()
}

fn refusal(error: &anyhow::Error) -> Option<&pipeline::Error> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

/// The exit code that `--help` documents.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    const FILE_SYSTEM: u8 = 8;
    let kind = io_kind(error);
    let full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge];
    match refusal(error) {
        // a full disk is no fault of the stage that met it
        Some(refusal) if !kind.is_some_and(|kind| full.contains(&kind)) => refusal.exit_code(),
        None if kind.is_none() => 1,
        _ => FILE_SYSTEM,
    }
}
