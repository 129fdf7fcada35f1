//! Which sources this program was built from.

/// Crate to digest, written by `build.rs`.
const DIGESTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// One digest for several crates and the stage files themselves.
pub(crate) fn digest(crates: &[&str]) -> String {
    let wanted = |name: &str| name == "xtask" || crates.contains(&name);
    let parts: Vec<&str> =
        DIGESTS.iter().filter(|(name, _)| wanted(name)).map(|(_, digest)| *digest).collect();
    blake3::hash(parts.join(" ").as_bytes()).to_hex()[..16].to_owned()
}

/// What this program calls itself, to other machines.
#[cfg(feature = "cluster")]
pub(crate) fn version() -> &'static str {
    concat!("deepdive ", env!("CARGO_PKG_VERSION"), " (", env!("DEEPDIVE_GIT"), ")")
}

/// Facts for `timings.jsonl` and `run.json`.
pub(crate) fn about() -> serde_json::Value {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    serde_json::json!({ "git": env!("DEEPDIVE_GIT"), "rustc": env!("DEEPDIVE_RUSTC"), "host": host.trim() })
}
