"""A corpus to measure tokenizers on, from what every Rust installation has: 67 MB of English, code and a little of all else.

    rustup component add rust-docs
    python bench/bpe/corpus.py > corpus.jsonl

The pages of the Rust documentation without their markup, then sources of the crates that cargo has fetched, in the order
of their names, about two parts to one. The same toolchain and crates give the same bytes; which those are is said in no
row, so figures of two machines are compared by their ratios.
"""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

MEGABYTE = 1_000_000
PROSE, CODE = 45 * MEGABYTE, 22 * MEGABYTE
UNSEEN = re.compile(r"<(script|style|nav|head)\b.*?</\1>", re.S)
TAG = re.compile(r"<[^>]+>")


def pages():
    root = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    for path in sorted(Path(root, "share/doc/rust/html").rglob("*.html")):
        text = html.unescape(TAG.sub("", UNSEEN.sub("", path.read_text(encoding="utf-8", errors="replace"))))
        yield re.sub(r"\n\s*\n\s*\n+", "\n\n", text).strip()


def sources():
    home = Path.home() / ".cargo/registry/src"
    for path in sorted(home.rglob("*.rs")):
        yield path.read_text(encoding="utf-8", errors="replace")


def up_to(limit, texts):
    size = 0
    for text in texts:
        if 200 < len(text) < MEGABYTE:
            size += len(text.encode())
            if size > limit:
                return
            yield text


for part, limit in [(pages, PROSE), (sources, CODE)]:
    for text in up_to(limit, part()):
        json.dump({"text": text}, sys.stdout, ensure_ascii=False)
        print()
