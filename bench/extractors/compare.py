"""Is the miniature web as hard as the real one? Two extractors that know nothing of it, on both, by page type.

    cargo run --release -p fixtures --example pages > pages.jsonl
    pip install -r requirements.txt
    python compare.py WCXB pages.jsonl

WCXB is the dev set of the web content extraction benchmark (github.com/murroughfoley/wcx), unpacked: `html/` and
`ground-truth/`. Scores are F1 over bags of lower-case words, as WCXB and `xtask/src/stages/audit/pages.rs` count them:
a mean over pages. The table says for each page type and extractor how far the miniature web is from WCXB.
"""

import argparse
import gzip
import hashlib
import json
import logging
from collections import defaultdict
from pathlib import Path

import trafilatura
from resiliparse.extract.html2text import extract_plain_text

from score import f1, words

EXTRACTORS = {
    "trafilatura": lambda html: trafilatura.extract(html) or "",
    "resiliparse": lambda html: extract_plain_text(html, main_content=True),
}
BAR = 0.08


def wcxb(folder):
    """Pages as (id, page type, layout, reader of the HTML, main text)."""
    for path in sorted((folder / "ground-truth").glob("*.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        expected = truth["ground_truth"].get("main_content")
        if expected is None:
            continue
        html = folder / "html" / f"{path.stem}.html"
        packed = html.with_suffix(".html.gz")

        def read(html=html, packed=packed):
            body = html.read_bytes() if html.exists() else gzip.decompress(packed.read_bytes())
            return body.decode("utf-8", "replace")

        yield path.stem, truth["_internal"]["page_type"]["primary"], None, read, expected


def miniature(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            page = json.loads(line)
            layout = page["layout"] + (" *" if page["held_out"] else "")
            yield page["id"], page["page_type"], layout, lambda page=page: page["html"], page["main_text"]


def sample(pages, count):
    """The same `count` pages of each type, whatever order they come in."""
    types = defaultdict(list)
    for page in pages:
        types[page[1]].append((hashlib.sha256(page[0].encode()).hexdigest(), page))
    for kept in types.values():
        kept.sort(key=lambda pair: pair[0])
        yield from (page for _, page in (kept[:count] if count else kept))


def measure(pages):
    """F1 of every page: rows of (page type, layout, {extractor: F1})."""
    rows = []
    for _, page_type, layout, read, expected in pages:
        html = read()
        expected = words(expected)
        scores = {name: f1(words(extract(html)), expected) for name, extract in EXTRACTORS.items()}
        rows.append((page_type, layout, scores))
    return rows


def means(rows, key):
    groups = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row[2])
    mean = lambda scores, name: sum(score[name] for score in scores) / len(scores)
    return {group: (len(of), {name: mean(of, name) for name in EXTRACTORS}) for group, of in groups.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("wcxb", type=Path)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--sample", type=int, default=60, help="pages a type and side; 0: all (default: 60)")
    parser.add_argument("--layouts", action="store_true", help="print a row for each layout too; * is held out")
    parser.add_argument("--keep", type=Path, help="file that keeps the figures of WCXB between runs")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)

    if arguments.keep and arguments.keep.exists():
        real = json.loads(arguments.keep.read_text())
    else:
        real = means(measure(sample(wcxb(arguments.wcxb), arguments.sample)), lambda row: row[0])
        if arguments.keep:
            arguments.keep.write_text(json.dumps(real))
    rows = measure(sample(miniature(arguments.pages), arguments.sample))
    ours = means(rows, lambda row: row[0])

    print(f"{'page type':14} {'extractor':12} {'WCXB':>6} {'pages':>6} {'mini':>6} {'pages':>6} {'diff':>7}  within {BAR}")
    for page_type in sorted(real):
        for name in EXTRACTORS:
            (there, theirs), (here, mine) = real[page_type], ours.get(page_type, (0, dict.fromkeys(EXTRACTORS, 0.0)))
            difference = mine[name] - theirs[name]
            verdict = "yes" if abs(difference) <= BAR else "no"
            print(
                f"{page_type:14} {name:12} {theirs[name]:6.3f} {there:6} {mine[name]:6.3f} {here:6}"
                f" {difference:+7.3f}  {verdict}"
            )
    if arguments.layouts:
        sides = lambda row: (row[0], "held out *" if row[1].endswith("*") else "seen")
        both = {**means(rows, sides), **means(rows, lambda row: row[:2])}
        print(f"\n{'page type':14} {'layout':22} {'pages':>6}" + "".join(f" {name:>12}" for name in EXTRACTORS))
        for (page_type, layout), (count, scores) in sorted(both.items()):
            figures = "".join(f" {scores[name]:12.3f}" for name in EXTRACTORS)
            print(f"{page_type:14} {layout:22} {count:6}{figures}")


if __name__ == "__main__":
    main()
