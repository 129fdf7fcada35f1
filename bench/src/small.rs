//! Small models whose losses and gradients PyTorch computes too, and how far two sides are apart.

use model::{Config, Decoder, Family, Initial, Params};

/// One of each family, by its name in lower case.
pub fn models() -> [(String, Config); 3] {
    [Family::Gpt2, Family::Llama, Family::Nanochat].map(|family| {
        let gpt2 = family == Family::Gpt2;
        let config = Config {
            family,
            vocabulary: 300,
            context: 64,
            width: 64,
            layers: 3,
            heads: 4,
            kv_heads: if gpt2 { 4 } else { 2 },
            hidden: 160,
            tied: gpt2,
            softcap: if family == Family::Nanochat { 15.0 } else { 0.0 },
            ..Config::default()
        };
        (format!("{family:?}").to_lowercase(), config)
    })
}

/// Parameters all drawn from a normal: nothing is 0 or 1 by chance.
pub fn random(config: &Config) -> anyhow::Result<Params> {
    let (shapes, params) = (Params::new(0), Params::new(7));
    Decoder::new(config, &shapes, "")?;
    for (name, var) in shapes.vars() {
        params.get(&name, var.shape().clone(), Initial::Normal { deviation: 0.2 })?;
    }
    Ok(params)
}

/// ‖a − b‖ / ‖b‖.
pub fn difference(a: &[f32], b: &[f32]) -> f64 {
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>();
    let apart = square(&mut a.iter().zip(b).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    (apart / square(&mut b.iter().map(|&b| f64::from(b)))).sqrt()
}
