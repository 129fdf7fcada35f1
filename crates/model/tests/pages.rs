//! Rows that began alike share what they have seen; that changes no bit.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use candle_core::{DType, Tensor};
use common::{ids, random_decoder, tiny};
use model::{Cache, CausalLm, Config, Decoder, Input, Random};

/// Feeds each row its next token, once for every place of `texts` that the cache has not seen; keeps the hidden states.
fn read_on(
    decoder: &Decoder,
    cache: &mut dyn Cache,
    texts: &[Vec<u32>],
    until: usize,
    hidden: &mut [Vec<f32>],
) {
    for place in cache.lengths()[0]..until {
        let next: Vec<[u32; 1]> = texts.iter().map(|text| [text[place]]).collect();
        let rows: Vec<&[u32]> = next.iter().map(|row| &row[..]).collect();
        let found: Tensor = decoder.hidden(&Input::new(&ids(&rows)), Some(cache)).unwrap();
        for (row, hidden) in hidden.iter_mut().enumerate() {
            hidden.extend(found.get(row).unwrap().get(0).unwrap().to_vec1::<f32>().unwrap());
        }
    }
}

#[test]
fn forks_of_forks_have_the_bits_of_a_full_pass() {
    let config = Config { context: 1200, kv_heads: 1, ..tiny() };
    let (_, decoder) = random_decoder(&config, DType::F32);
    let mut random = Random::new(1, "texts");
    let mut draw = |count: usize| -> Vec<u32> {
        (0..count).map(|_| random.below(config.vocabulary as u64) as u32).collect()
    };
    // a prompt of 37, four texts of which two part only after 600 tokens; chains of sums end after 512
    let (prompt, beginning) = (draw(37), draw(563));
    let mut texts = vec![];
    for shares in [false, true, true, false] {
        let mut text = prompt.clone();
        text.extend(if shares { beginning.clone() } else { draw(563) });
        text.extend(draw(450));
        texts.push(text);
    }
    let mut cache = decoder.cache(1).unwrap();
    decoder.hidden(&Input::new(&ids(&[&prompt])), Some(&mut *cache)).unwrap();
    let first = [texts[0].clone(), texts[1].clone(), texts[3].clone()];
    let mut hidden = vec![vec![]; 3];
    let mut cache = cache.fork(&[0, 0, 0]).unwrap();
    read_on(&decoder, &mut *cache, &first, 600, &mut hidden);
    // the old cache lives on: nobody writes where it looks
    let old = cache;
    let mut cache = old.fork(&[0, 1, 1, 2]).unwrap();
    let mut hidden = vec![hidden[0].clone(), hidden[1].clone(), hidden[1].clone(), hidden[2].clone()];
    read_on(&decoder, &mut *cache, &texts, 700, &mut hidden);
    drop(old);
    read_on(&decoder, &mut *cache, &texts, 1050, &mut hidden);
    for (text, hidden) in texts.iter().zip(&hidden) {
        let full = decoder.hidden(&Input::new(&ids(&[text])), None).unwrap().get(0).unwrap();
        let full: Vec<f32> = full.narrow(0, 37, 1013).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        assert_eq!(full.len(), hidden.len());
        assert!(full.iter().zip(hidden).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}

#[test]
fn rows_of_unequal_length_that_began_alike_stay_themselves() {
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let mut cache = decoder.cache(1).unwrap();
    decoder.hidden(&Input::new(&ids(&[&[4, 9, 1]])), Some(&mut *cache)).unwrap();
    let mut cache = cache.fork(&[0, 0]).unwrap();
    let lengths = [1, 3];
    let apart = ids(&[&[7, 0, 0], &[2, 2, 5]]);
    decoder.hidden(&Input { lengths: Some(&lengths), ..Input::new(&apart) }, Some(&mut *cache)).unwrap();
    let hidden = decoder.hidden(&Input::new(&ids(&[&[8], &[8]])), Some(&mut *cache)).unwrap();
    for (row, text) in [&[4, 9, 1, 7, 8][..], &[4, 9, 1, 2, 2, 5, 8]].into_iter().enumerate() {
        let full = decoder.hidden(&Input::new(&ids(&[text])), None).unwrap().get(0).unwrap();
        let full: Vec<f32> = full.get(text.len() - 1).unwrap().to_vec1().unwrap();
        assert_eq!(hidden.get(row).unwrap().get(0).unwrap().to_vec1::<f32>().unwrap(), full);
    }
}
