//! Answers as one row of tokens, each prompt once.

use candle_core::{Device, Tensor};
use model::{CausalLm, Input};

use crate::{Group, Result, Rollout};

/// Groups one after the other in a row `[1, T]`: a prompt, then its answers, which see the prompt and themselves.
///
/// Nothing is padding, and a prompt costs once what it would cost with every answer.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    ids: Vec<u32>,
    positions: Vec<u32>,
    documents: Vec<u32>,
    prefixes: Vec<u32>,
    /// Where in the row each learned token is foretold.
    places: Vec<u32>,
    /// The learned tokens, answer by answer.
    targets: Vec<u32>,
}

impl Layout {
    /// Lays a group down; answers without tokens are not there.
    pub fn push<'a>(&mut self, prompt: &[u32], answers: impl IntoIterator<Item = &'a Rollout>) {
        let number = self.documents.last().map_or(0, |last| last + 1);
        self.document(prompt, 0, [number, number]);
        let last = self.ids.len() as u32 - 1;
        for (answer, nth) in answers.into_iter().filter(|answer| !answer.ids.is_empty()).zip(1..) {
            // the first token is foretold by the prompt, and nobody looks at what the last one foretells
            let start = self.ids.len() as u32;
            self.document(&answer.ids[..answer.ids.len() - 1], prompt.len(), [number + nth, number]);
            self.places.push(last);
            self.places.extend(start..self.ids.len() as u32);
            self.targets.extend_from_slice(&answer.ids);
        }
    }

    /// Lays a prompt and answers down to be judged as a whole: what counts is the hidden state at the last token of each.
    /// Answers without tokens are judged by their prompt alone.
    pub fn push_read<'a>(&mut self, prompt: &[u32], answers: impl IntoIterator<Item = &'a [u32]>) {
        let number = self.documents.last().map_or(0, |last| last + 1);
        self.document(prompt, 0, [number, number]);
        let last = self.ids.len() as u32 - 1;
        for (answer, nth) in answers.into_iter().zip(1..) {
            if answer.is_empty() {
                self.places.push(last);
                continue;
            }
            self.document(answer, prompt.len(), [number + nth, number]);
            self.places.push(self.ids.len() as u32 - 1);
        }
    }

    fn document(&mut self, ids: &[u32], position: usize, [document, prefix]: [u32; 2]) {
        self.ids.extend_from_slice(ids);
        self.positions.extend((position..).take(ids.len()).map(|position| position as u32));
        self.documents.resize(self.ids.len(), document);
        self.prefixes.resize(self.ids.len(), prefix);
    }

    /// Places of the row.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nothing was laid down.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Learned tokens.
    pub fn learned(&self) -> usize {
        self.targets.len()
    }

    /// The hidden state `[N, D]` before each of the N learned tokens, or at the end of each answer that is read, with gradient.
    pub fn hidden(&self, model: &dyn CausalLm) -> Result<Tensor> {
        let row = |values: &[u32]| Tensor::from_slice(values, (1, values.len()), &Device::Cpu);
        let (ids, positions) = (row(&self.ids)?, row(&self.positions)?);
        let (documents, prefixes) = (row(&self.documents)?, row(&self.prefixes)?);
        let input = Input {
            positions: Some(&positions),
            documents: Some(&documents),
            prefixes: Some(&prefixes),
            ..Input::new(&ids)
        };
        let hidden = model.hidden(&input, None)?.get(0)?;
        Ok(hidden.index_select(&Tensor::new(&self.places[..], hidden.device())?, 0)?)
    }

    /// log π of each learned token, `[N]`, with gradient.
    pub fn log_probs(&self, model: &dyn CausalLm) -> Result<Tensor> {
        Ok(model.log_probs(&self.hidden(model)?, &self.targets)?)
    }
}

/// log π of every token of the answers of `groups`, without gradient: a reference's, for instance.
///
/// Groups share rows of at most so many tokens, which changes no bit.
pub fn log_probs(
    model: &dyn CausalLm,
    groups: &[&Group],
    tokens_at_once: usize,
) -> Result<Vec<Vec<Vec<f32>>>> {
    let mut found: Vec<f32> = vec![];
    let mut layout = Layout::default();
    let mut read = |layout: &mut Layout| -> Result<()> {
        if layout.learned() > 0 {
            found.extend(layout.log_probs(model)?.to_vec1::<f32>()?);
        }
        *layout = Layout::default();
        Ok(())
    };
    for group in groups {
        for answers in split(&group.answers, group.prompt.len(), tokens_at_once) {
            let tokens = group.prompt.len() + answers.iter().map(|answer| answer.ids.len()).sum::<usize>();
            if layout.len() + tokens > tokens_at_once {
                read(&mut layout)?;
            }
            layout.push(&group.prompt, answers);
        }
    }
    read(&mut layout)?;
    let mut rest = found.into_iter();
    let of_answer =
        |answer: &Rollout, rest: &mut std::vec::IntoIter<f32>| rest.by_ref().take(answer.ids.len()).collect();
    let of_group = |group: &&Group| group.answers.iter().map(|answer| of_answer(answer, &mut rest)).collect();
    Ok(groups.iter().map(of_group).collect())
}

/// Answers in runs of at most so many tokens, the prompt counted with each run.
fn split(answers: &[Rollout], prompt: usize, most: usize) -> Vec<&[Rollout]> {
    let (mut runs, mut start, mut tokens) = (vec![], 0, prompt);
    for (at, answer) in answers.iter().enumerate() {
        if at > start && tokens + answer.ids.len() > most {
            runs.push(&answers[start..at]);
            (start, tokens) = (at, prompt);
        }
        tokens += answer.ids.len();
    }
    runs.push(&answers[start..]);
    runs
}
