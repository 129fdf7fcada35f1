//! `lesson-preferences`: jokes for one lesson about rewards, and what labelers think of them.

use fixtures::Random;
use fixtures::one_liner::{OneLiners, rank};
use pipeline::{Class, Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{
    Conversations, Documents, Message, Preferences, Problems, Table, conversations, preferences, problems,
};

use super::{lesson_documents, shards};

/// Texts for a base model, conversations, rankings of answers by labelers who err, rankings without errors, and requests to
/// practise with and to test with: all about jokes whose worth is known, and told to nobody who learns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LessonPreferences {
    /// Texts for a base model.
    #[schemars(extend("unit" = "texts"))]
    pub texts: u64,
    /// Conversations, a request and a joke each.
    #[schemars(extend("unit" = "conversations"))]
    pub talks: u64,
    /// Rankings to learn from, of source `one-liners/labelled`.
    #[schemars(extend("unit" = "rankings"))]
    pub rankings: u64,
    /// Rankings without errors to measure with, of source `one-liners/test`.
    #[schemars(extend("unit" = "rankings"))]
    pub clean: u64,
    /// Answers of a ranking.
    #[schemars(extend("unit" = "answers"))]
    pub answers: u64,
    /// One of so many rankings is made without looking, which is wrong about half of its pairs: 5 for 10 % of wrong pairs, 0
    /// for none.
    #[schemars(extend("unit" = "rankings"))]
    pub careless: usize,
    /// Requests to practise with, of source `one-liners/practice`.
    #[schemars(extend("unit" = "requests"))]
    pub practice: u64,
    /// Requests to test with, of source `one-liners/test`.
    #[schemars(extend("unit" = "requests"))]
    pub test: u64,
}

impl Default for LessonPreferences {
    fn default() -> Self {
        Self {
            texts: 10_000,
            talks: 1_000,
            rankings: 1_500,
            clean: 300,
            answers: 4,
            careless: 5,
            practice: 2_000,
            test: 500,
        }
    }
}

impl Stage for LessonPreferences {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Exact,
            random: true,
            writes: vec![
                Output::new("documents", Documents::NAME),
                Output::new("conversations", Conversations::NAME),
                Output::new("preferences", Preferences::NAME),
                Output::new("problems", Problems::NAME),
            ],
            sources: &["fixtures"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if (2..=16).contains(&self.answers) {
            return Ok(());
        }
        let fault = Fault::new("so many answers cannot be ranked").on("/answers");
        Err(fault.got(self.answers.to_string()).expected("from 2 to 16"))
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let world = OneLiners { seed: io.seed("one-liners") };
        let shard = task.shard();
        let mut out = shards::create_documents(io, &shard, &[])?;
        for at in 0..self.texts {
            let request = world.request("text", at);
            let text = format!("{} {}", request.asked, world.joke(&request, "text", at));
            lesson_documents::push("jokes", at, &text, &mut out)?;
        }
        io.count("documents", self.texts);
        shards::finish(io, "documents", out)?;

        let mut out = shards::create::<Conversations>(io, "conversations", &shard)?;
        for id in 0..self.talks {
            let request = world.request("talk", id);
            let joke = world.joke(&request, "talk", id);
            let messages = vec![Message::text("user", &request.asked), Message::text("assistant", &joke)];
            out.push(&conversations::Row { id, source: "one-liners", messages })?;
        }
        io.count("conversations", self.talks);
        shards::finish(io, "conversations", out)?;

        self.rank(io, &shard, world)?;

        let mut out = shards::create::<Problems>(io, "problems", &shard)?;
        let sources =
            [("one-liners/practice", "practice", self.practice), ("one-liners/test", "test", self.test)];
        let requests = sources.into_iter().flat_map(|(source, purpose, count)| {
            (0..count).map(move |at| (source, world.request(purpose, at)))
        });
        for (id, (source, request)) in (0..).zip(requests) {
            out.push(&problems::Row {
                id,
                source,
                ability: "jokes",
                prompt: vec![Message::text("user", &request.asked)],
                answer: "",
                verifier: "none",
                meta: None,
            })?;
        }
        io.count("problems", self.practice + self.test);
        shards::finish(io, "problems", out)
    }
}

impl LessonPreferences {
    fn rank(&self, io: &Io, shard: &str, world: OneLiners) -> anyhow::Result<()> {
        let mut out = shards::create::<Preferences>(io, "preferences", shard)?;
        let sources =
            [("one-liners/labelled", "labelled", self.rankings), ("one-liners/test", "clean", self.clean)];
        let all = sources
            .into_iter()
            .flat_map(|(source, purpose, count)| (0..count).map(move |at| (source, purpose, at)));
        let (mut pairs, mut wrong) = (0, 0);
        for (id, (source, purpose, at)) in (0..).zip(all) {
            let request = world.request(purpose, at);
            let jokes: Vec<String> =
                (0..self.answers).map(|nth| world.joke(&request, purpose, at * self.answers + nth)).collect();
            let mut random = Random::new(world.seed, "labeler", id);
            let careless = purpose == "labelled" && self.careless > 0 && random.one_in(self.careless);
            let ranks = rank(&jokes, careless, &mut random);
            if purpose == "labelled" {
                let truth = rank(&jokes, false, &mut random);
                let found = disagreement(&truth, &ranks);
                (pairs, wrong) = (pairs + found.0, wrong + found.1);
            }
            out.push(&preferences::Row {
                id,
                source,
                prompt: vec![Message::text("user", &request.asked)],
                responses: jokes.iter().map(String::as_str).collect(),
                ranks: &ranks,
                margin: None,
                labeler: Some(if careless { "careless" } else { "careful" }),
                policies: None,
            })?;
        }
        io.count("preferences", self.rankings + self.clean);
        io.count("labelled_pairs", pairs);
        io.count("wrong_pairs", wrong);
        shards::finish(io, "preferences", out)
    }
}

/// Pairs that a labeler ordered, and those that the truth orders the other way or not at all.
fn disagreement(truth: &[i32], ranks: &[i32]) -> (u64, u64) {
    let (mut pairs, mut wrong) = (0, 0);
    for better in 0..ranks.len() {
        for worse in (0..ranks.len()).filter(|worse| ranks[better] < ranks[*worse]) {
            pairs += 1;
            wrong += u64::from(truth[better] >= truth[worse]);
        }
    }
    (pairs, wrong)
}

#[cfg(test)]
mod tests {
    use super::disagreement;

    #[test]
    fn what_the_truth_does_not_say_is_wrong() {
        assert_eq!(disagreement(&[1, 2, 3], &[1, 2, 3]), (3, 0));
        assert_eq!(disagreement(&[1, 2, 3], &[3, 2, 1]), (3, 3));
        assert_eq!(disagreement(&[1, 1, 3], &[1, 2, 2]), (2, 1));
    }
}
