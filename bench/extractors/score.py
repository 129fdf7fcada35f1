"""Scores extractors on pages with known text: F1 over bags of lower-case words, a mean over pages, by page type.

    python score.py pages.jsonl ours=ours.jsonl trafilatura=trafilatura.jsonl [--half 0]

Pages come from `corpora.py`, texts from `peers.py` and `cargo run --example texts`. Halves are by site (a hash of it):
whatever is tuned or fitted by hand looks at half 0 only. Pages of `snippets` are scored by the share of wanted
snippets found and of unwanted ones left out.
"""

import argparse
import hashlib
import json
import re
from collections import Counter, defaultdict


def words(text):
    return Counter(re.findall(r"\w+", text.lower()))


def f1(found, expected):
    common = sum((found & expected).values())
    if not expected or not common:
        return float(not expected and not found)
    return 2 * common / (sum(found.values()) + sum(expected.values()))


def half(site):
    return hashlib.sha256(site.encode()).digest()[0] & 1


def snippets(page, text):
    """F1 of a page by snippets, as trafilatura's evaluation counts them."""
    right = sum(snippet in text for snippet in page["with"])
    wrong = sum(snippet in text for snippet in page["without"])
    return 2 * right / max(1, right + wrong + len(page["with"]))


def texts(path):
    with open(path, encoding="utf-8") as lines:
        return {page["id"]: page["text"] for page in map(json.loads, lines)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pages")
    parser.add_argument("found", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--half", type=int, choices=[0, 1])
    arguments = parser.parse_args()
    found = {name: texts(path) for name, path in (pair.split("=", 1) for pair in arguments.found)}
    scores = defaultdict(lambda: defaultdict(list))
    with open(arguments.pages, encoding="utf-8") as lines:
        for page in map(json.loads, lines):
            if arguments.half is not None and half(page["site"]) != arguments.half:
                continue
            expected = words(page["text"]) if "text" in page else None
            for name, of in found.items():
                text = of.get(page["id"], "")
                score = f1(words(text), expected) if expected is not None else snippets(page, text)
                for group in ("all", page["type"]):
                    scores[group][name].append(score)
    mean = lambda values: sum(values) / max(1, len(values))
    print(f"{'':16} {'pages':>5}" + "".join(f" {name:>14}" for name in found))
    for group in sorted(scores, key=lambda group: (group != "all", group)):
        row = [mean(scores[group][name]) for name in found]
        print(f"{group:16} {len(next(iter(scores[group].values()))):5}" + "".join(f" {value:14.4f}" for value in row))


if __name__ == "__main__":
    main()
