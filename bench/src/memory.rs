//! What this process holds in memory.

use std::fs;

use anyhow::Context;

/// Bytes of resident memory, now (`VmRSS`) or at their peak (`VmHWM`).
pub fn resident(key: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(key)).context("no such line")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kilobytes * 1024)
}
