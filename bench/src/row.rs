use cpu_time::ProcessTime;
use serde::Serialize;

/// Rounds of each side; the median counts.
const ROUNDS: usize = 9;

/// One comparison.
#[derive(Serialize)]
pub struct Row {
    pub name: String,
    pub ours: f64,
    pub peer: Option<f64>,
    pub peer_version: Option<String>,
    /// Ours over the peer's, turned so that more than 1 is in our favour.
    pub ratio: Option<f64>,
    pub better: &'static str,
    pub unit: &'static str,
    pub cpu: String,
    pub flags: String,
}

impl Row {
    /// A row of speeds over `amount` units of work, from CPU seconds.
    pub fn speed(name: &str, unit: &'static str, amount: f64, ours: f64, peer: Option<(f64, String)>) -> Row {
        let peer = peer.map(|(seconds, version)| (amount / seconds, version));
        Row::new(name, unit, "higher", amount / ours, peer)
    }

    /// A row of a plain amount, such as memory, where less is better.
    pub fn amount(name: &str, unit: &'static str, ours: f64, peer: Option<(f64, String)>) -> Row {
        Row::new(name, unit, "lower", ours, peer)
    }

    /// A row of two scores.
    pub fn score(name: &str, ours: f64, peer: f64, peer_version: &str) -> Row {
        Row::new(name, "F1", "higher", ours, Some((peer, peer_version.to_owned())))
    }

    /// A row of a share, ours and perhaps the peer's.
    pub fn share(name: &str, ours: f64, peer: Option<(f64, &str)>) -> Row {
        Row::new(name, "share", "higher", ours, peer.map(|(share, version)| (share, version.to_owned())))
    }

    fn new(
        name: &str,
        unit: &'static str,
        better: &'static str,
        ours: f64,
        peer: Option<(f64, String)>,
    ) -> Row {
        let (peer, peer_version) = peer.unzip();
        let ratio = peer.map(|peer| if better == "higher" { ours / peer } else { peer / ours });
        Row {
            name: name.to_owned(),
            ours,
            peer,
            peer_version,
            ratio,
            better,
            unit,
            cpu: processor("model name").unwrap_or_default(),
            flags: features(),
        }
    }
}

/// Median CPU seconds of each side, run alternately after one round to warm up.
pub fn interleave(sides: &mut [&mut dyn FnMut() -> anyhow::Result<()>]) -> anyhow::Result<Vec<f64>> {
    let mut seconds = vec![Vec::new(); sides.len()];
    for round in 0..=ROUNDS {
        for (side, seconds) in sides.iter_mut().zip(&mut seconds) {
            let start = ProcessTime::now();
            side()?;
            if round > 0 {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
    }
    Ok(seconds.iter_mut().map(|seconds| median(seconds)).collect())
}

/// CPU seconds of one call.
pub fn seconds_of(work: impl FnOnce()) -> f64 {
    let start = ProcessTime::now();
    work();
    start.elapsed().as_secs_f64()
}

/// The middle one of some seconds.
pub fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// A line of `/proc/cpuinfo`, where there is such a file.
fn processor(key: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, value) =
        text.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim() == key)?;
    Some(value.trim().to_owned())
}

/// The instruction sets that decide which kernels run.
fn features() -> String {
    let flags = processor("flags").unwrap_or_default();
    let told = ["sse4_2", "avx2", "bmi2", "avx512f", "avx512_vnni", "amx_bf16"];
    told.into_iter().filter(|name| flags.split(' ').any(|flag| flag == *name)).collect::<Vec<_>>().join(" ")
}
