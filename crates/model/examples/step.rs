//! Throwaway: CPU time of a training step.
use model::*;
use std::ops::ControlFlow;
fn main() {
    let big = std::env::args().nth(1).is_some_and(|a| a == "big");
    let config = if big { Config { family: Family::Gpt2, vocabulary: 50257, context: 256, width: 768, layers: 12, heads: 12, kv_heads: 12, hidden: 3072, tied: true, softcap: 0.0, ..Config::default() } }
      else { Config { family: Family::Gpt2, vocabulary: 8192, context: 256, width: 384, layers: 6, heads: 6, kv_heads: 6, hidden: 1536, tied: true, softcap: 0.0, ..Config::default() } };
    let rows = if big { 2 } else { 8 };
    let params = Params::new(1);
    let decoder = Decoder::new(&config, &params, "").unwrap();
    let mut random = Random::new(1, "x");
    let ids: Vec<u32> = (0..20000).map(|_| random.below(config.vocabulary as u64) as u32).collect();
    let mut batches = Rows::shuffled(Tokens::from(ids), 256, rows, 0, 1).unwrap();
    let mut optimizer = AdamW::default();
    let plan = Plan { steps: if big { 5 } else { 10 }, ..Plan::default() };
    let cpu = || { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let f: Vec<&str> = s.split(' ').collect(); (f[13].parse::<f64>().unwrap() + f[14].parse::<f64>().unwrap()) / 100.0 };
    let rss = |k: &str| { let s = std::fs::read_to_string("/proc/self/status").unwrap(); s.lines().find(|l| l.starts_with(k)).unwrap().split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0 };
    let before = rss("VmRSS");
    let mut last = cpu();
    let mut on = |p: &Progress| { let now = cpu(); println!("step {} loss {:.4} cpu {:.3} tok/s {:.0}", p.step, p.loss, now - last, (rows * 256) as f64 / (now - last)); last = now; ControlFlow::Continue(()) };
    fit(&params, &mut batches, &NextToken(&decoder), &mut optimizer, &plan, None, &mut on).unwrap();
    println!("memory {:.0} MB", rss("VmHWM") - before);
}
