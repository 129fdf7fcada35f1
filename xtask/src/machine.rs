//! What is told of this machine beside figures.

use jiff::Timestamp;
use pipeline::Made;
use pipeline::clock::unix_seconds;

/// When and where something is written down.
pub(crate) fn made(kernels: &str) -> Made {
    Made { date: day(unix_seconds()), cpu: processor(), kernels: kernels.to_owned() }
}

/// The day of a time, in UTC.
pub(crate) fn day(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(String::new, |time| time.strftime("%Y-%m-%d").to_string())
}

/// What the processor calls itself.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let named =
        lines.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| *name == "model name");
    named.map_or_else(|| "unknown".to_owned(), |(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_day_is_that_of_utc() {
        assert_eq!(super::day(0), "1970-01-01");
        assert_eq!(super::day(1_700_000_000), "2023-11-14");
    }
}
