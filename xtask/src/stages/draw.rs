//! `draw`: what a chat model draws, and whether somebody else recognises it.

use std::collections::BTreeMap;

use bpe::Tokenizer;
use chat::{Reply, Responder};
use codec::files::write_png;
use codec::{Codec, Codecs, Image, Owned};
use eval::{Ask, Encoding, Item, Subject};
use fixtures::gallery::{Raster, recognise};
use model::{Draw as Drawing, Limits, Prompt};
use pipeline::{Class, Error, Fault, Io, Output, Signature, Slot, Stage, Task};
use rl::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::{Message, Part, Protocol, Rendered, Role};
use shard::{MediaKind, Problems, Scores, Table, media};

use super::scores::Sheet;
use super::training::Speech;
use super::{asking, shards, special};

/// Asks a model for pictures of shapes, and has them recognised by rules that know nothing of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Draw {
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Only problems whose source ends with one of these.
    pub sources: Vec<String>,
    /// Most pictures; 0 for all.
    #[schemars(extend("unit" = "pictures"))]
    pub most: usize,
    /// How a token is drawn.
    pub draw: Drawing,
    /// Pictures drawn for each request; the one stays of which the model itself finds likeliest that it shows what was asked for.
    #[schemars(extend("unit" = "pictures", "source" = "Ramesh et al. 2021, arXiv 2102.12092, section 2.6"))]
    pub tries: usize,
    /// What it is asked then about its own pictures.
    pub question: String,
}

impl Default for Draw {
    fn default() -> Self {
        Self {
            protocol: None,
            sources: vec!["/made".to_owned()],
            most: 0,
            draw: Drawing { top_p: 0.95, ..Drawing::default() },
            tries: 1,
            question: "Describe the picture.".to_owned(),
        }
    }
}

/// Most pictures of one request.
const MOST_TRIES: usize = 256;

impl Stage for Draw {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
                Slot::new("problems", Problems::NAME),
            ],
            writes: vec![Output::new("scores", Scores::NAME), Output::new("drawn", shard::Media::NAME)],
            sources: &["model", "bpe", "sft", "chat", "codec", "eval", "fixtures"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if (1..=MOST_TRIES).contains(&self.tries) {
            return Ok(());
        }
        let fault = Fault::new("this makes no sense").on("/tries").got(self.tries.to_string());
        Err(fault.expected("from 1 to 256"))
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let speech = Speech::open(io, self.protocol)?;
        let codecs = Codecs::load(speech.directory)?.unwrap_or_default();
        let Some(eye) = &codecs.image else {
            let fault = Fault::new("this model draws nothing").at(speech.directory, None);
            let fault = fault.expected("a tokenizer with codes for pictures, as `codec-train` makes it");
            return Err(Error::Input(fault).into());
        };
        let (_, decoder) = model::checkpoint::load(io.input("checkpoint")?.directory()?)?;
        let context = decoder.config().context;
        let requests = self.requests(io, &speech, context)?;
        let pen = Pen {
            codecs: &codecs,
            start: special::id(speech.bpe.vocabulary(), "<|image_start|>")?,
            end: special::id(speech.bpe.vocabulary(), "<|image_end|>")?,
        };

        let limits = Limits { new_tokens: eye.length() + 8, context, ..Limits::default() };
        let model = decoder.detached();
        let responder =
            Responder { model: &model, tokenizer: &speech.bpe, template: &*speech.template, tools: &[] };
        let prompts: Vec<Prompt> = requests
            .iter()
            .flat_map(|request| {
                let seed = |nth: usize| io.seed(&format!("picture {} {nth}", request.id));
                (0..self.tries).map(move |nth| Prompt { ids: request.ids.clone(), seed: seed(nth) })
            })
            .collect();
        let mut drawn: Vec<Option<Drawn>> = prompts.iter().map(|_| None).collect();
        asking::answer(&responder, &prompts, &self.draw, &limits, io, |at, reply| {
            drawn[at] = pen.picture(reply);
        })?;
        let first: Vec<Verdict> = requests
            .iter()
            .zip(drawn.iter().step_by(self.tries))
            .map(|(request, drawn)| Verdict::of(request, drawn.as_ref()))
            .collect();
        let first = first.iter().filter(|verdict| **verdict == Verdict::Right).count() as u64;
        let subject = Subject::new(&model, Encoding { tokenizer: &speech.bpe, begin: None }, context);
        let likely = self.likely(&speech, &subject, &requests, &drawn)?;
        let best = best(self.tries, drawn, &likely);
        write(io, task, &requests, &best, first)
    }
}

impl Draw {
    fn requests(&self, io: &Io, speech: &Speech<'_>, context: usize) -> anyhow::Result<Vec<Problem>> {
        let mut requests = vec![];
        for batch in shards::read_all::<Problems>(io.input("problems")?) {
            for row in batch?.rows() {
                let wanted = self.sources.iter().any(|end| row.source.ends_with(end.as_str()));
                if !wanted || (self.most > 0 && requests.len() == self.most) {
                    continue;
                }
                let request = asking::asked(&row, &speech.bpe, &*speech.template)?;
                if request.ids.len() < context {
                    requests.push(request);
                } else {
                    io.count("too_long", 1);
                }
            }
        }
        Ok(requests)
    }

    /// How likely the model finds that each picture shows what was asked for; only where there are several to choose from.
    fn likely(
        &self,
        speech: &Speech<'_>,
        subject: &Subject<'_>,
        requests: &[Problem],
        drawn: &[Option<Drawn>],
    ) -> anyhow::Result<Vec<f64>> {
        if self.tries == 1 {
            return Ok(vec![0.0; drawn.len()]);
        }
        let asks = drawn.iter().enumerate().map(|(at, drawn)| {
            let mut rendered = Rendered::default();
            let Some(Drawn { ids, .. }) = drawn else { return Ok(None) };
            let content = vec![Part::Image(ids), Part::Text(&self.question)];
            let asked = [Message { role: Role::User, content, learn: None }];
            speech.template.render(&asked, &speech.bpe, &mut rendered)?;
            speech.template.open(&speech.bpe, &mut rendered);
            let mut continuation = vec![];
            speech.bpe.encode(&requests[at / self.tries].answer, &mut continuation);
            continuation.extend(speech.template.ends().first());
            Ok(Some(Ask::Score { context: rendered.ids, continuation }))
        });
        let asks: Vec<Option<Ask>> = asks.collect::<sft::Result<_>>()?;
        let items: Vec<Item> = asks
            .iter()
            .flatten()
            .map(|ask| Item { name: String::new(), chance: None, asks: vec![ask.clone()] })
            .collect();
        let mut answers = subject.answer(&items)?.into_iter().flatten();
        let likely = |ask: &Option<Ask>| match ask {
            Some(_) => answers.next().map_or(f64::NEG_INFINITY, |answer| answer.log_prob()),
            None => f64::NEG_INFINITY,
        };
        Ok(asks.iter().map(likely).collect())
    }
}

/// Of each request's pictures the likeliest; of equally likely ones the first.
fn best(tries: usize, drawn: Vec<Option<Drawn>>, likely: &[f64]) -> Vec<Option<Drawn>> {
    let mut best = vec![];
    let mut drawn = drawn.into_iter();
    for likely in likely.chunks(tries) {
        let at = (0..likely.len()).reduce(|best, at| if likely[at] > likely[best] { at } else { best });
        let mut of_request: Vec<Option<Drawn>> = drawn.by_ref().take(likely.len()).collect();
        best.push(at.and_then(|at| of_request.get_mut(at).and_then(Option::take)));
    }
    best
}

/// Reads pictures out of answers.
struct Pen<'a> {
    codecs: &'a Codecs,
    start: u32,
    end: u32,
}

/// A picture that a model drew.
struct Drawn {
    picture: Image,
    ids: Vec<u32>,
}

impl Pen<'_> {
    /// The picture of an answer that is nothing but one.
    fn picture(&self, reply: &Reply) -> Option<Drawn> {
        let ids = reply.ids.strip_prefix(&[self.start])?.strip_suffix(&[self.end])?;
        match self.codecs.decode(ids) {
            Ok(Owned::Image(picture)) if reply.ended => Some(Drawn { picture, ids: ids.to_vec() }),
            _ => None,
        }
    }
}

/// How a picture was judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Right,
    Wrong,
    /// No picture at all.
    Malformed,
}

impl Verdict {
    fn of(request: &Problem, drawn: Option<&Drawn>) -> Self {
        let Some(Drawn { picture, .. }) = drawn else { return Self::Malformed };
        let (width, height, pixels) = (picture.width(), picture.height(), picture.pixels().to_vec());
        let seen = recognise(&Raster { width, height, pixels });
        if seen.as_deref() == Some(request.answer.as_str()) { Self::Right } else { Self::Wrong }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Malformed => "malformed",
        }
    }
}

fn write(
    io: &Io,
    task: Task,
    requests: &[Problem],
    drawn: &[Option<Drawn>],
    first_right: u64,
) -> anyhow::Result<()> {
    let verdicts: Vec<Verdict> =
        requests.iter().zip(drawn).map(|(request, drawn)| Verdict::of(request, drawn.as_ref())).collect();
    let mut out = shards::create::<shard::Media>(io, "drawn", &task.shard())?;
    for ((request, drawn), verdict) in requests.iter().zip(drawn).zip(&verdicts) {
        let bytes = drawn.as_ref().map(|drawn| write_png(&drawn.picture)).transpose()?.unwrap_or_default();
        out.push(&media::Row {
            name: &request.id.to_string(),
            source: verdict.name(),
            kind: MediaKind::Image,
            bytes: &bytes,
            caption: Some(&request.answer),
            ids: drawn.as_ref().map(|drawn| &drawn.ids[..]),
        })?;
    }
    shards::finish(io, "drawn", out)?;

    let mut sheet = Sheet::default();
    let mut items: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for (request, verdict) in requests.iter().zip(&verdicts) {
        for item in [ALL, request.answer.as_str()] {
            let [asked, whole, right] = items.entry(item).or_default();
            *asked += 1;
            *whole += u64::from(*verdict != Verdict::Malformed);
            *right += u64::from(*verdict == Verdict::Right);
        }
    }
    for (item, [asked, whole, right]) in &items {
        sheet.figure(BENCHMARK, item, "asked", *asked as f64);
        sheet.share(BENCHMARK, item, "well_formed", *whole, *asked);
        sheet.share(BENCHMARK, item, "right", *right, *asked);
    }
    sheet.share(BENCHMARK, ALL, "first_right", first_right, requests.len() as u64);
    let [asked, whole, right] = items.get(ALL).copied().unwrap_or_default();
    io.count("asked", asked);
    io.count("well_formed", whole);
    io.count("right", right);
    io.metric("right_share", right as f64 / asked.max(1) as f64);
    sheet.finish(io, task)
}

const BENCHMARK: &str = "draw";
/// The item that stands for all requests together.
const ALL: &str = "all";
