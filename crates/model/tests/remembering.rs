//! Prompts read in pieces, and behind what others have read: the same tokens as alone, to the bit.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use candle_core::DType;
use common::{kinds, llama, random_decoder, tiny};
use model::{CausalLm, Config, Decoder, Decoding, Draw, Limits, Prompt, Random, Step, generate};

const CONTEXT: usize = 400;

fn long(config: &Config) -> Config {
    Config { context: CONTEXT, ..config.clone() }
}

/// Talks: a few beginnings that many share, and ends of their own, some of them earlier answers.
fn talks(random: &mut Random, texts: usize) -> Vec<Vec<u32>> {
    let fresh =
        |random: &mut Random, length| (0..length).map(|_| random.below(23) as u32).collect::<Vec<u32>>();
    let mut talks: Vec<Vec<u32>> = vec![];
    for _ in 0..texts {
        let mut ids = match random.below(4) {
            0 => vec![],
            1 if !talks.is_empty() => {
                let of = &talks[random.below(talks.len() as u64) as usize];
                of[..random.below(of.len() as u64 + 1) as usize].to_vec()
            }
            _ => talks.last().cloned().unwrap_or_default(),
        };
        ids.truncate(CONTEXT - 80);
        let more = 1 + random.below(60) as usize;
        ids.extend(fresh(random, more));
        talks.push(ids);
    }
    talks
}

/// Every text joins at a step of its own and some leave early; returns what each was given, and what was reused.
fn together(decoder: &Decoder, prompts: &[Prompt], draw: &Draw, limits: &Limits) -> (Vec<Vec<Step>>, u64) {
    let mut decoding = Decoding::new(decoder).reading(37).remembering(2_000);
    let mut seen = vec![vec![]; prompts.len()];
    let mut random = Random::new(9, "order");
    let mut prompts = prompts.iter();
    while prompts.len() > 0 || !decoding.is_empty() {
        let joining = random.below(3) as usize;
        for prompt in prompts.by_ref().take(joining) {
            let row = decoding.join(prompt.clone(), draw, limits.clone()).unwrap();
            if row % 7 == 5 {
                decoding.step().unwrap().into_iter().for_each(|step| seen[step.row as usize].push(step));
                decoding.leave(row).unwrap();
            }
        }
        decoding.step().unwrap().into_iter().for_each(|step| seen[step.row as usize].push(step));
    }
    (seen, decoding.reused())
}

#[test]
fn pieces_and_what_is_known_change_no_bit() {
    let draw = Draw { temperature: 0.9, ..Draw::default() };
    let limits = Limits { new_tokens: 12, context: CONTEXT, stop: vec![7], ..Limits::default() };
    for config in kinds() {
        let (_, decoder) = random_decoder(&long(&config), DType::F32);
        let talks = talks(&mut Random::new(3, "talks"), 40);
        let prompts: Vec<Prompt> =
            talks.into_iter().zip(0..).map(|(ids, seed)| Prompt { ids, seed }).collect();
        let (seen, reused) = together(&decoder, &prompts, &draw, &limits);
        let alone = generate(&decoder, &prompts, &draw, &limits).unwrap();
        for (row, (steps, alone)) in seen.iter().zip(&alone).enumerate() {
            if row % 7 != 5 {
                assert_eq!(steps.len(), alone.log_probs.len());
            }
            let bits = |(step, log_prob): (&Step, &f32)| step.log_prob.to_bits() == log_prob.to_bits();
            assert!(steps.iter().zip(&alone.log_probs).all(bits), "row {row}");
        }
        let all: usize = prompts.iter().map(|prompt| prompt.ids.len()).sum();
        assert!(reused as usize > all / 4, "{reused} of {all} positions were known");
    }
}

#[test]
fn a_talk_that_goes_on_is_read_from_where_it_goes_on() {
    let (_, decoder) = random_decoder(&long(&llama()), DType::F32);
    let draw = Draw { temperature: 0.0, ..Draw::default() };
    let limits = Limits { new_tokens: 20, context: CONTEXT, ..Limits::default() };
    let mut decoding = Decoding::new(&decoder).remembering(512);
    let mut talk: Vec<u32> = (0..100).map(|at| at % 23).collect();
    for turn in 0..3 {
        decoding.join(Prompt { ids: talk.clone(), seed: 0 }, &draw, limits.clone()).unwrap();
        let before = decoding.reused();
        while !decoding.is_empty() {
            talk.extend(decoding.step().unwrap().iter().map(|step| step.id));
        }
        // all but the last token of the turn before, which was drawn and never read
        let known = if turn == 0 { 0 } else { 100 + 22 * turn - 2 - 1 };
        assert_eq!(decoding.reused() - before, known as u64, "turn {turn}");
        talk.extend([1, 2]);
    }
}

#[test]
fn a_cache_forgets_only_what_it_has() {
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let mut cache = decoder.cache(2).unwrap();
    for lengths in [&[1, 0][..], &[0]] {
        let message = cache.shorten(lengths).unwrap_err().to_string();
        assert_eq!(message, format!("lengths: expected at most [0, 0], got {lengths:?}"));
    }
    cache.shorten(&[0, 0]).unwrap();
}
