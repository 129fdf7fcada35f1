//! Benchmarks of any kind to figures: what other stages that ask models share.

use std::ops::ControlFlow;

use eval::{Answer, Benchmark, Bootstrap, Interval, Item, Mark, Subject, Task, centred, centred_mean, mean};
use pipeline::Io;
use shard::{Writer, scores};

use super::finished::Finished;

/// What the figures of all benchmarks together stand under.
pub const AGGREGATE: &str = "aggregate";
/// The item that stands for all.
const ALL: &str = "all";

/// A benchmark, and how much of it is asked.
pub struct Named {
    /// What it is called in the scores.
    pub name: String,
    /// What it asks.
    pub benchmark: Box<dyn Benchmark>,
    /// How many items, the first ones; 0 for all.
    pub items: usize,
}

/// Figures on their way into `scores/1`.
#[derive(Default)]
pub struct Figures(Vec<Figure>);

struct Figure {
    benchmark: String,
    item: String,
    metric: String,
    value: f64,
    between: Option<(f64, f64)>,
}

impl Figures {
    fn push(&mut self, benchmark: &str, item: &str, metric: &str, value: f64) {
        let [benchmark, item, metric] = [benchmark, item, metric].map(str::to_owned);
        self.0.push(Figure { benchmark, item, metric, value, between: None });
    }

    fn between(&mut self, benchmark: &str, metric: &str, Interval { value, low, high }: Interval) {
        let [benchmark, item, metric] = [benchmark, ALL, metric].map(str::to_owned);
        self.0.push(Figure { benchmark, item, metric, value, between: Some((low, high)) });
    }

    /// Writes all as those of `checkpoint`.
    pub fn write(&self, checkpoint: &str, out: &mut Writer<shard::Scores>) -> shard::Result<()> {
        for Figure { benchmark, item, metric, value, between } in &self.0 {
            let (low, high) = between.unzip();
            out.push(&scores::Row { checkpoint, benchmark, item, metric, value: *value, low, high })?;
        }
        Ok(())
    }
}

/// Asks `subject` all benchmarks. What is finished is kept in the stage's scratch directory, so that a measurement that
/// was killed goes on; the figures are the same.
///
/// # Errors
/// What the model and the disk refuse; a wish to stop.
pub fn measure(io: &Io, subject: &Subject<'_>, named: &[Named], draws: usize) -> anyhow::Result<Figures> {
    let mut asked = vec![];
    for Named { benchmark, items: most, .. } in named {
        let mut items = benchmark.items(&subject.encoding)?;
        if *most > 0 {
            items.truncate(*most);
        }
        asked.push(items);
    }
    let all: usize = asked.iter().map(Vec::len).sum();
    io.progress().length(all as u64);
    let (scratch, stop) = (io.scratch()?, io.listen());
    let bootstrap = Bootstrap { draws, seed: io.seed("bootstrap") };
    let (mut figures, mut tasks, mut known) = (Figures::default(), vec![], 0);
    for (number, (named, items)) in named.iter().zip(&asked).enumerate() {
        let mut finished = Finished::open(&scratch.join(format!("finished-{number}.jsonl")))?;
        let missing: Vec<usize> = (0..items.len()).filter(|at| !finished.items().contains_key(at)).collect();
        io.progress().advance(finished.items().len() as u64);
        let mut trouble = None;
        let mut visit = |at: usize, answers: Vec<Answer>| {
            let noted = finished.push(at, named.benchmark.grade(at, &answers));
            io.progress().advance(1);
            trouble = noted.err();
            if trouble.is_some() || stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        subject.answer_each(items, &missing, &mut visit)?;
        if let Some(error) = trouble {
            return Err(error);
        }
        known += finished.items().len();
        if finished.items().len() < items.len() {
            return Err(stop.stopped(&format!("{known} of {all} items")).into());
        }
        let marks: Vec<&Vec<Mark>> = finished.items().values().collect();
        tasks.extend(score(io, named, items, &marks, bootstrap, &mut figures));
        let cut = items.iter().filter(|item| subject.cuts(item)).count();
        figures.push(&named.name, ALL, "cut", cut as f64);
        io.count("cut", cut as u64);
    }
    io.count("items", all as u64);
    if let Some(centred) = centred_mean(&tasks, bootstrap, AGGREGATE) {
        figures.between(AGGREGATE, "centred", centred);
        figures.push(AGGREGATE, ALL, "benchmarks", tasks.len() as f64);
        io.metric("centred", centred.value);
    }
    Ok(figures)
}

/// The figures of one benchmark, whose items have these marks; what the aggregate needs of it, if it can be guessed.
fn score(
    io: &Io,
    Named { name, .. }: &Named,
    items: &[Item],
    marks: &[&Vec<Mark>],
    bootstrap: Bootstrap,
    figures: &mut Figures,
) -> Option<Task> {
    let metrics: Vec<&str> =
        marks.first().map_or(vec![], |marks| marks.iter().map(|mark| &*mark.metric).collect());
    let column = |at: usize| -> Vec<(f64, f64)> {
        marks.iter().filter_map(|marks| marks.get(at)).map(|mark| (mark.value, mark.weight)).collect()
    };
    for (at, metric) in metrics.iter().enumerate() {
        figures.between(name, metric, bootstrap.mean(&column(at), &format!("{metric} of {name}")));
    }
    figures.push(name, ALL, "items", items.len() as f64);
    let first = column(0);
    if let Some(metric) = metrics.first() {
        io.metric(&format!("{name} {metric}"), mean(first.iter().copied()));
    }
    let chances: Option<Vec<f64>> = items.iter().map(|item| item.chance).collect();
    let task = chances.filter(|chances| !chances.is_empty()).map(|chances| {
        let chance = chances.iter().sum::<f64>() / chances.len() as f64;
        figures.push(name, ALL, "chance", chance);
        let purpose = format!("{} of {name}", metrics.first().unwrap_or(&""));
        let own = bootstrap.of(&[&first], &purpose, |means| centred(means[0], chance));
        figures.between(name, "centred", own);
        Task { items: first, chance }
    });
    for (item, marks) in items.iter().zip(marks) {
        for mark in *marks {
            figures.push(name, &item.name, &mark.metric, mark.value);
        }
    }
    task
}
