//! Measures our hot paths beside our peers: `bench SUBJECT [FILE or PART]` prints one JSON row a line.
//!
//! Both sides run in this process or as its children, one after the other, and are charged CPU time (user and
//! system), so that a busy machine slows both alike. A row without a peer has no ratio.
#![allow(clippy::disallowed_methods, reason = "where peers and programs lie, the environment says")]

use std::path::PathBuf;

use anyhow::bail;

mod bpe;
mod codec;
mod dedup;
mod eval;
mod extract;
mod filter;
mod fixtures;
mod grpo;
mod memory;
mod model;
mod peers;
mod ppo;
mod row;
mod rules;
mod serve;
mod served;
mod sft;
mod small;
mod warc;

/// What can be measured.
const SUBJECTS: &str =
    "bpe, bpe-agreement, codec, dedup, eval, extract, filter, fixtures, grpo, grpo-parity, model, model-curve, \
     model-parity, ppo, rules, serve, sft, sft-parity and warc";

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let subject = arguments.next();
    let file = arguments.next().map(PathBuf::from);
    let rows = match subject.as_deref() {
        Some("bpe") => bpe::rows(file.as_deref())?,
        // parts of `bpe`, as processes of their own
        Some("bpe-train") => {
            let (settings, directory) = (arguments.next(), arguments.next().map(PathBuf::from));
            return bpe::train(file.as_deref(), settings.as_deref(), directory.as_deref());
        }
        Some("bpe-encode") => return bpe::encode(file.as_deref(), arguments.next().as_deref()),
        // too long for every time: ten million strings
        Some("bpe-agreement") => bpe::agreement(arguments.next().as_deref())?,
        Some("codec") => codec::rows(file.as_deref())?,
        Some("dedup") => dedup::rows(file.as_deref())?,
        Some("eval") => {
            let data = arguments.next().map(PathBuf::from);
            eval::rows(
                file.as_deref().unwrap_or("runs/smollm2".as_ref()),
                data.as_deref().unwrap_or("data".as_ref()),
            )?
        }
        Some("extract") => extract::rows(file.as_deref())?,
        Some("filter") => filter::rows(file.as_deref())?,
        Some("fixtures") => fixtures::rows()?,
        Some("grpo") => grpo::rows()?,
        Some("grpo-parity") => grpo::parity(file.as_deref().unwrap_or("parity-grpo".as_ref()))?,
        // a part of `grpo`, as a process of its own
        Some("grpo-steps") => {
            return grpo::steps(file.as_deref().and_then(|path| path.to_str()).unwrap_or("{}"));
        }
        Some("model") => model::rows(file.as_deref().and_then(|part| part.to_str()).unwrap_or(""))?,
        Some("model-parity") => model::parity(file.as_deref().unwrap_or("parity".as_ref()))?,
        Some("model-curve") => model::curve(file.as_deref().unwrap_or("runs/demo".as_ref()))?,
        // a part of `model`, as a process of its own
        Some("model-step") => {
            return model::alone(file.as_deref().and_then(|path| path.to_str()).unwrap_or("{}"));
        }
        Some("ppo") => ppo::rows()?,
        // a part of `ppo`, as a process of its own
        Some("ppo-steps") => return ppo::steps(file.as_deref().unwrap_or("".as_ref())),
        Some("rules") => rules::rows(file.as_deref())?,
        Some("serve") => {
            let model = arguments.next().unwrap_or("chat".to_owned());
            serve::rows(file.as_deref().unwrap_or("runs/demo".as_ref()), &model)?
        }
        Some("sft") => sft::rows()?,
        Some("sft-parity") => sft::parity(file.as_deref().unwrap_or("parity-sft".as_ref()))?,
        Some("warc") => warc::rows(file.as_deref())?,
        Some(other) => bail!("no benchmark \"{other}\"; there are {SUBJECTS}"),
        None => bail!("say what to measure; there are {SUBJECTS}"),
    };
    for row in rows {
        println!("{}", serde_json::to_string(&row)?);
    }
    Ok(())
}
