//! Over-optimisation: what a policy is worth to who knows, against how far it went to please who pays (Gao et al. 2022, arXiv
//! 2210.10760, figure 1).

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use shard::{Metrics, Rollouts};

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, HEIGHT, Plot, Point, Shape};
use super::super::run::{Run, Stage};
use super::super::text;
use super::{Lesson, named};

/// Hacked answers that are told.
const TOLD: usize = 8;
/// By so much of what it had risen must a policy fall to be worth a lesson.
const FALLEN: f64 = 0.25;

/// A measurement on held-out requests.
#[derive(Clone, Copy, Default)]
struct Measured {
    step: f64,
    gold: Option<f64>,
    proxy: Option<f64>,
    kl: Option<f64>,
}

/// How a stage went, by its measurements.
struct Course {
    stage: String,
    points: Vec<Measured>,
    /// The step whose weights were left, where it is not the last.
    kept: Option<f64>,
}

impl Course {
    fn of(stage: &Stage) -> anyhow::Result<Option<Self>> {
        let (mut steps, mut kept) = (BTreeMap::<i64, Measured>::new(), None);
        stage.rows::<Metrics>(|row| {
            let point = steps.entry(row.step).or_default();
            point.step = row.step as f64;
            match row.name {
                "validation_gold" => point.gold = Some(row.value),
                "validation_proxy" => point.proxy = Some(row.value),
                "validation_kl" => point.kl = Some(row.value),
                "kept_round" => kept = Some(row.value),
                _ => {}
            }
            ControlFlow::Continue(())
        })?;
        let points: Vec<Measured> =
            steps.into_values().filter(|point| point.gold.is_some() && point.kl.is_some()).collect();
        let stage = text::line(stage.name(), 24);
        Ok(Some(Self { stage, points, kept }).filter(|course| course.points.len() > 1))
    }

    fn curve(&self, of: impl Fn(&Measured) -> Option<Point>) -> Vec<Point> {
        let known = |point: &Point| point.0.is_finite() && point.1.is_finite();
        self.points.iter().filter_map(of).filter(known).collect()
    }

    /// The best of all measurements.
    fn best(&self) -> f64 {
        self.points.iter().filter_map(|point| point.gold).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Before anything was learned, and of what was left in the end.
    fn ends(&self, of: impl Fn(&Measured) -> Option<f64>) -> [f64; 2] {
        let left = self.points.iter().find(|point| Some(point.step) == self.kept);
        [self.points.first(), left.or(self.points.last())]
            .map(|point| point.and_then(&of).unwrap_or(f64::NAN))
    }

    /// How much of the best was lost by the last measurement.
    fn fall(&self) -> f64 {
        self.best() - self.points.last().and_then(|point| point.gold).unwrap_or(f64::NAN)
    }
}

/// The lessons of a run in which policies learned to please, or nothing.
pub(super) fn of(run: &Run) -> anyhow::Result<Vec<Lesson>> {
    let mut courses = vec![];
    for stage in run.stages.iter().filter(|stage| stage.leaves(<Metrics as shard::Table>::NAME)) {
        courses.extend(Course::of(stage)?);
    }
    courses.truncate(Colour::MANY.len());
    let Some(worst) = courses.iter().max_by(|a, b| a.fall().total_cmp(&b.fall())) else {
        return Ok(vec![]);
    };
    let mut lessons = vec![against_distance(&courses)?];
    // what wavers has not fallen
    let risen = worst.best() - worst.ends(|point| point.gold)[0];
    if worst.fall() > FALLEN * risen && worst.points.iter().all(|point| point.proxy.is_some()) {
        lessons.push(side_by_side(worst)?);
        let stage = run.stages.iter().find(|stage| text::line(stage.name(), 24) == worst.stage);
        lessons.extend(stage.map(hacked).transpose()?.flatten());
    }
    Ok(lessons)
}

fn against_distance(courses: &[Course]) -> anyhow::Result<Lesson> {
    let curves: Vec<Vec<Point>> =
        courses.iter().map(|course| course.curve(|point| Some((point.kl?, point.gold?)))).collect();
    let layers: Vec<(Colour, Shape<'_>)> = curves
        .iter()
        .zip(Colour::MANY)
        .map(|(curve, (colour, _))| (colour, Shape::LineAndDots(curve)))
        .collect();
    let title = "What answers are worth, by how far the policy went";
    let all = || curves.iter().flatten();
    let svg = plot::svg(&Plot {
        title,
        x: Axis::over("nats from the beginning, an answer", all().map(|point| point.0)).with_room(),
        y: Axis::over("worth", all().map(|point| point.1)).with_room(),
        layers: &layers,
        height: HEIGHT,
    })?;
    let keys: Vec<(&str, &str)> =
        courses.iter().zip(Colour::MANY).map(|(course, (_, class))| (course.stage.as_str(), class)).collect();
    let row = |course: &Course| {
        let ([from, to], [before, after]) =
            (course.ends(|point| point.gold), course.ends(|point| point.proxy));
        let said = |value: f64| if value.is_finite() { format!("{value:.2}") } else { "–".to_owned() };
        let [_, distance] = course.ends(|point| point.kl);
        vec![
            course.stage.clone(),
            said(from),
            said(course.best()),
            said(to),
            format!("{} to {}", said(before), said(after)),
            said(distance),
        ]
    };
    Ok(Lesson {
        title: "Pleasing, and what it is worth",
        lead: "A reward model stands for people; a judge whom nobody learns from says what answers are worth. The further a \
               policy goes to please the one, the less that means to the other, unless it is held, stopped, or paid by who \
               knows. Every point is measured on held-out requests.",
        checkpoint: String::new(),
        chart: Chart {
            title: title.to_owned(),
            unit: "mean of the judge's scores".to_owned(),
            svg,
            spark: None,
            caption:
                "Each line begins where no policy had learned yet. One that bends down has gone too far."
                    .to_owned(),
            legend: legend(&keys),
        },
        columns: named(&["stage", "worth before", "best", "left in the end", "reward model says", "nats"]),
        rows: courses.iter().map(row).collect(),
    })
}

/// The reward and the worth of the stage that fell furthest.
fn side_by_side(course: &Course) -> anyhow::Result<Lesson> {
    let proxy = course.curve(|point| Some((point.step, point.proxy?)));
    let gold = course.curve(|point| Some((point.step, point.gold?)));
    let title = "What the reward model says, and what it is worth";
    let all = || proxy.iter().chain(&gold);
    let svg = plot::svg(&Plot {
        title,
        x: Axis::over("round", all().map(|point| point.0)),
        y: Axis::over("score", all().map(|point| point.1)).with_room(),
        layers: &[(Colour::First, Shape::LineAndDots(&proxy)), (Colour::Second, Shape::LineAndDots(&gold))],
        height: HEIGHT,
    })?;
    let row = |point: &Measured| {
        let said = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
        vec![format!("{}", point.step), said(point.proxy), said(point.gold), said(point.kl)]
    };
    Ok(Lesson {
        title: "Where reward and worth part",
        lead: "Whoever looks at the reward alone sees nothing but progress.",
        checkpoint: course.stage.clone(),
        chart: Chart {
            title: title.to_owned(),
            unit: "means".to_owned(),
            svg,
            spark: None,
            caption: "The two have scales of their own: only where each rises or falls means something."
                .to_owned(),
            legend: legend(&[("the reward model", "key-a"), ("who knows", "key-b")]),
        },
        columns: named(&["round", "reward model", "who knows", "nats"]),
        rows: course.points.iter().map(row).collect(),
    })
}

/// Answers that please most for the least worth.
fn hacked(stage: &Stage) -> anyhow::Result<Option<Lesson>> {
    struct Said {
        step: i64,
        at: Point,
        text: String,
    }
    let mut all: Vec<Said> = vec![];
    stage.rows::<Rollouts>(|row| {
        let of =
            |name: &str| row.rewards.iter().find(|(known, _)| *known == name).and_then(|(_, value)| *value);
        if let (Some(reward), Some(gold)) = (of("reward"), of("gold"))
            && reward.is_finite()
            && gold.is_finite()
        {
            let at = (f64::from(reward), f64::from(gold));
            all.push(Said { step: row.step, at, text: text::line(row.text, 76) });
        }
        ControlFlow::Continue(())
    })?;
    let (Some(first), Some(last)) =
        (all.iter().map(|said| said.step).min(), all.iter().map(|said| said.step).max())
    else {
        return Ok(None);
    };
    let points = |step: i64| -> Vec<Point> {
        all.iter().filter(|said| said.step == step).map(|said| said.at).collect()
    };
    let [before, after] = [points(first), points(last)];
    let title = "Answers of the first round and of the last";
    let svg = plot::svg(&Plot {
        title,
        x: Axis::over("what the reward model says", all.iter().map(|said| said.at.0)).with_room(),
        y: Axis::over("worth", all.iter().map(|said| said.at.1)).with_room(),
        layers: &[(Colour::First, Shape::Dots(&before)), (Colour::Second, Shape::Dots(&after))],
        height: HEIGHT,
    })?;
    let mut worst: Vec<&Said> = all.iter().filter(|said| said.step == last).collect();
    worst.sort_by(|a, b| a.at.1.total_cmp(&b.at.1).then(b.at.0.total_cmp(&a.at.0)));
    worst.dedup_by(|a, b| a.text == b.text);
    let row =
        |said: &&Said| vec![said.text.clone(), format!("{:.2}", said.at.0), format!("{:.1}", said.at.1)];
    Ok(Some(Lesson {
        title: "What pleases and is worth nothing",
        lead: "Answers of the last round that was kept, those of least worth first. The reward model never saw the like, so \
               nobody ever told it what they are worth.",
        checkpoint: text::line(stage.name(), 24),
        chart: Chart {
            title: title.to_owned(),
            unit: format!("rounds {first} and {last}"),
            svg,
            spark: None,
            caption: "To the right is what pleases, to the top what is worth something.".to_owned(),
            legend: legend(&[("first round", "key-a"), ("last round", "key-b")]),
        },
        columns: named(&["answer", "reward model", "worth"]),
        rows: worst.iter().take(TOLD).map(row).collect(),
    }))
}
