//! What a person sees of a run: a bar while a stage works, a line when it ends.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pipeline::{How, Manifest, Observer, Outcome, Planned, Progress};

/// Prints a line a stage to `out`, and draws a bar on standard error if that is a terminal.
pub(crate) struct Lines<'a> {
    out: Mutex<&'a mut (dyn Write + Send)>,
    widths: [usize; 2],
    bar: ProgressBar,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(plan: &pipeline::Plan, out: &'a mut (dyn Write + Send)) -> Self {
        let style = ProgressStyle::with_template("  {msg} {wide_bar} {human_pos}/{human_len} {elapsed}");
        let bar = ProgressBar::hidden().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let widths = widths(plan.stages.iter().map(|stage| [&*stage.name, &*stage.uses]));
        Self { out: Mutex::new(out), widths, bar }
    }
}

/// How wide the columns are that hold the names of stages and what they use.
pub(crate) fn widths<'a>(stages: impl Iterator<Item = [&'a str; 2]>) -> [usize; 2] {
    stages.fold([0; 2], |[name, uses], stage| [name.max(stage[0].len()), uses.max(stage[1].len())])
}

/// The bar of one stage.
struct Bar(ProgressBar);

impl Progress for Bar {
    fn length(&self, units: u64) {
        self.0.set_length(units);
    }
    fn advance(&self, units: u64) {
        self.0.inc(units);
    }
}

impl Observer for Lines<'_> {
    fn begins(&self, planned: &Planned) -> Box<dyn Progress> {
        self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        self.bar.reset();
        self.bar.set_length(0);
        self.bar.set_message(planned.name.clone());
        self.bar.enable_steady_tick(Duration::from_millis(200));
        Box::new(Bar(self.bar.clone()))
    }

    fn ends(&self, planned: &Planned, outcome: &Outcome) {
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
        let [name, uses] = self.widths;
        let how = match outcome.how {
            How::Cached => "cached         ".to_owned(),
            How::Resumed => format!("resumed {:5.1} s", outcome.cost.wall_s),
            How::Done => format!("done    {:5.1} s", outcome.cost.wall_s),
        };
        let note = if outcome.other_sources { "  (made by other code; gc or raise version)" } else { "" };
        let summary = summary(&outcome.manifest);
        let mut out = self.out.lock().expect("nothing panics while it prints");
        // a closed pipe ends the printing and not the run
        let _ = writeln!(
            out,
            "  {:name$}  {:uses$}  {}  {how}  {summary}{note}",
            planned.name, planned.uses, planned.key
        );
        let _ = out.flush();
    }
}

/// A funnel, final metrics, or plain counts: whatever the stage counted.
pub(crate) fn summary(manifest: &Manifest) -> String {
    let mut parts = vec![];
    let mut rest: BTreeMap<&str, u64> = manifest
        .counters
        .iter()
        .map(|(name, &count)| (name.as_str(), count))
        .filter(|(name, _)| !name.contains('.'))
        .collect();
    rest.remove("in");
    if let Some(kept) = rest.remove("kept") {
        let dropped = manifest.dropped();
        let sum: u64 = dropped.iter().map(|(_, count)| count).sum();
        let mut named: Vec<String> =
            dropped.iter().take(4).map(|(reason, count)| format!("{reason} {}", thousands(*count))).collect();
        if dropped.len() > 4 {
            named.push("…".to_owned());
        }
        let why = if named.is_empty() { String::new() } else { format!("  ({})", named.join(", ")) };
        parts.push(format!("{} kept, {} dropped{why}", thousands(kept), thousands(sum)));
    }
    parts
        .extend(rest.iter().map(|(name, count)| format!("{} {}", thousands(*count), name.replace('_', " "))));
    parts.extend(
        manifest.metrics.iter().map(|(name, value)| format!("{} {value:.3}", name.replace('_', " "))),
    );
    parts.push(bytes(manifest.bytes()));
    parts.join("  ")
}

/// 12041 as 12,041.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Three digits that count.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        1000.0.. => thousands(value.round() as u64),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Seconds for people.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        ..60.0 => format!("{seconds:.1} s"),
        60.0..3600.0 => format!("{:.1} min", seconds / 60.0),
        _ => format!("{:.2} h", seconds / 3600.0),
    }
}

/// A length for people, in powers of ten.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// White space with signs; other control characters, which a terminal would obey, as `�`.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(sign).collect()
}

/// What stands for a character in [`visible`].
pub(crate) fn sign(character: char) -> char {
    match character {
        ' ' => '·',
        '\n' => '↵',
        '\t' => '⇥',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_in_threes() {
        assert_eq!([0, 999, 1000, 1234567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([999, 1500, 48_000_000].map(bytes), ["999 B", "1.5 kB", "48.0 MB"]);
    }
}
