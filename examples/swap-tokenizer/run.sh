#!/usr/bin/env bash
# Tests the tokenizer, then runs the pipeline with it. A shared target directory saves building the house again.
set -euo pipefail
cd "$(dirname "$0")/../.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
manifest=examples/swap-tokenizer/Cargo.toml
cargo test --release --locked --manifest-path "$manifest"
cargo run --release --locked --manifest-path "$manifest" -- \
    reproduce examples/swap-tokenizer/word-tokenizer.toml "$@"
