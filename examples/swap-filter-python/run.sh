#!/usr/bin/env bash
# Runs the pipeline with the Python filter. The virtual environment lies outside the tree.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv="${XDG_CACHE_HOME:-$HOME/.cache}/deepdive/swap-filter-python"
if ! "$venv/bin/python3" -c 'import pyarrow' 2>/dev/null; then
    if ! python3 -m venv "$venv" || ! "$venv/bin/pip" install --quiet --retries 1 --timeout 15 'pyarrow>=21,<24'; then
        echo "skipped: swap-filter-python needs python3 with venv, and PyPI for pyarrow"
        exit 0
    fi
fi

PATH="$venv/bin:$PATH" cargo run --release --package xtask -- \
    reproduce examples/swap-filter-python/python-filter.toml "$@"
