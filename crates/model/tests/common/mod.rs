//! Small models and data that several tests share.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses a part")]

pub mod foreign;
pub mod gguf;

use candle_core::{DType, Device, Tensor};
use model::{Config, Decoder, Family, Initial, Params, Rows, TokenBatch, Tokens};

/// The default kind, small.
pub fn tiny() -> Config {
    Config {
        vocabulary: 23,
        context: 16,
        width: 16,
        layers: 2,
        heads: 4,
        kv_heads: 2,
        hidden: 24,
        tied: false,
        ..Config::default()
    }
}

/// A small Llama.
pub fn llama() -> Config {
    Config { family: Family::Llama, softcap: 0.0, ..tiny() }
}

/// All kinds, tied and not.
pub fn kinds() -> Vec<Config> {
    let gpt2 = Config { family: Family::Gpt2, kv_heads: 4, tied: true, softcap: 0.0, ..tiny() };
    let tied = |config: &Config| Config { tied: true, ..config.clone() };
    vec![gpt2, tied(&llama()), llama(), tied(&tiny()), tiny(), Config { softcap: 0.0, kv_heads: 4, ..tiny() }]
}

/// Two rows of packed documents.
pub fn packed_batch() -> TokenBatch {
    TokenBatch {
        ids: ids(&[&[0, 5, 9, 2, 0, 7, 7, 1], &[0, 3, 3, 20, 22, 4, 8, 6]]),
        targets: vec![5, 9, 2, 0, 7, 7, 1, 14, 3, 3, 20, 22, 4, 8, 6, 13],
        weights: [1.0, 1.0, 0.0, 0.5].repeat(4),
        positions: ids(&[&[0, 1, 2, 3, 0, 1, 2, 3], &[0, 1, 2, 3, 4, 5, 6, 7]]),
        documents: ids(&[&[0, 0, 0, 0, 1, 1, 1, 1], &[0, 0, 0, 0, 0, 0, 0, 0]]),
    }
}

/// ‖a − b‖ / ‖b‖.
pub fn relative_difference(a: &[f32], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let difference: f64 = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - b).powi(2)).sum();
    let length: f64 = b.iter().map(|b| b * b).sum();
    (difference / length).sqrt()
}

/// A decoder whose parameters, norms too, are all drawn from a normal: nothing is 0 or 1 by chance.
pub fn random_decoder(config: &Config, dtype: DType) -> (Params, Decoder) {
    random_decoder_on(&Device::Cpu, config, dtype)
}

/// The same on another device.
pub fn random_decoder_on(device: &Device, config: &Config, dtype: DType) -> (Params, Decoder) {
    let params = Params::with(7, dtype, device.clone());
    let shapes = Params::new(0);
    Decoder::new(config, &shapes, "").unwrap();
    for (name, var) in shapes.vars() {
        params.get(&name, var.shape().clone(), Initial::Normal { deviation: 0.4 }).unwrap();
    }
    let decoder = Decoder::new(config, &params, "").unwrap();
    (params, decoder)
}

pub fn ids(rows: &[&[u32]]) -> Tensor {
    let t = rows[0].len();
    Tensor::from_vec(rows.concat(), (rows.len(), t), &Device::Cpu).unwrap()
}

/// Documents of a made-up language that can be learned: each id depends on the one before.
pub fn corpus(vocabulary: u32, length: usize) -> Tokens {
    let mut random = model::Random::new(3, "corpus");
    let mut ids = vec![0];
    for _ in 1..length {
        let last = ids[ids.len() - 1];
        let new_document = random.below(30) == 0;
        ids.push(if new_document { 0 } else { 1 + (last * 5 + random.below(2) as u32) % (vocabulary - 1) });
    }
    Tokens::from(ids)
}

pub fn rows(config: &Config) -> Rows {
    Rows::shuffled(corpus(config.vocabulary as u32, 2000), config.context, 4, 0, 11).unwrap()
}

pub fn bits(params: &Params) -> Vec<(String, Vec<u32>)> {
    let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let vars = params.vars().into_iter();
    vars.map(|(name, var)| (name, values(&var).iter().map(|x| x.to_bits()).collect())).collect()
}

pub fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    let difference = (a - b).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
    difference.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
}
