//! The one place that reads clocks. What it measures goes to `timings.jsonl`, never into a result.

use serde::{Deserialize, Serialize};

/// What a piece of work cost.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Elapsed time, in seconds.
    pub wall_s: f64,
    /// User and system time of this process and its finished children, in seconds. 0 where `/proc` is absent.
    pub cpu_s: f64,
    /// The process's largest resident size so far, in bytes. 0 where `/proc` is absent.
    pub peak_bytes: u64,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.wall_s += other.wall_s;
        self.cpu_s += other.cpu_s;
        self.peak_bytes = self.peak_bytes.max(other.peak_bytes);
    }
}

/// A running measurement.
pub struct Stopwatch {
    wall: std::time::Instant,
    cpu_s: f64,
}

impl Stopwatch {
    /// Starts measuring.
    #[allow(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn start() -> Self {
        Self { wall: std::time::Instant::now(), cpu_s: cpu_seconds() }
    }

    /// What was spent since the start.
    pub fn cost(&self) -> Cost {
        Cost {
            wall_s: self.wall.elapsed().as_secs_f64(),
            cpu_s: (cpu_seconds() - self.cpu_s).max(0.0),
            peak_bytes: peak_bytes(),
        }
    }
}

/// Elapsed time alone: cheap enough to be asked around every page.
#[derive(Debug, Clone, Copy)]
pub struct Timer(std::time::Instant);

impl Timer {
    /// Starts measuring.
    #[allow(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Milliseconds since the start.
    pub fn milliseconds(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1e3
    }
}

/// Seconds since 1970.
#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn unix_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Fields 14 to 17 of `/proc/self/stat` (proc(5)), in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // the second field is a name in parentheses that may hold spaces
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name
        .split_ascii_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    ticks as f64 / 100.0
}

fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_ascii_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}
