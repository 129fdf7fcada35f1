"""Fits the weights of `MainText`: small trees that say of a block how likely it belongs to a page's main text.

    cargo run --release -p fineweb-filter --example blocks -- wcxb.jsonl measured/wcxb
    python fit.py wcxb.jsonl=measured/wcxb articles.jsonl=measured/articles --check
    python fit.py wcxb.jsonl=measured/wcxb articles.jsonl=measured/articles --write crates/fineweb-filter/src/extract/weights.rs

Pages come from `corpora.py`. A block's label is the share of its words that stand in the true text: the page is read
three words at a time, and each such triple of the true text is found once. A block counts by its share of the page's
words, so that a page counts as a page. Trees are full and four decisions deep; their leaves are added up to a logit in
1/1024. Which blocks to keep is decided as `choose.rs` does: those that make the expected F1 of the page greatest.

`--check` prints F1 of pages by models that have not seen their sites (five folds by site), and of half 1 by a model of
half 0 alone. Fitting is the only place where fractions occur: what is written are whole numbers.
"""

import argparse
import hashlib
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import lightgbm
import numpy as np

from score import f1, half

DEPTH = 4
TREES = 64
FOLDS = 5
# Pages of a corpus with fewer pages than this count twice: there are few, and other habits stand behind their truth.
SMALL_CORPUS = 200
SETTINGS = {
    "objective": "cross_entropy",
    "learning_rate": 0.12,
    "num_leaves": 2**DEPTH,
    "max_depth": DEPTH,
    "min_data_in_leaf": 150,
    "min_sum_hessian_in_leaf": 1.0,
    "lambda_l2": 10,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "seed": 1,
    "num_threads": 2,
    "deterministic": True,
    "verbose": -1,
}
WORD = re.compile(r"\w+")


def labels(blocks, truth):
    """Of each block (a list of words), the share of words in triples that the truth has too."""
    left = Counter(zip(truth, truth[1:], truth[2:]))
    stream = [word for block in blocks for word in block]
    covered = np.zeros(len(stream))
    for at, triple in enumerate(zip(stream, stream[1:], stream[2:])):
        if left[triple] > 0:
            left[triple] -= 1
            covered[at : at + 3] = 1
    ends = np.cumsum([len(block) for block in blocks])
    return [covered[end - len(block) : end].mean() if block else 0.0 for block, end in zip(blocks, ends)]


class Data:
    """Pages of several corpora: rows of all their blocks, and per page its blocks' words, labels and weights."""

    def __init__(self, pairs):
        self.rows, self.pages, at = [], [], 0
        for pages, folder in pairs:
            self.names = json.loads((Path(folder) / "names.json").read_text())
            self.rows.append(np.fromfile(Path(folder) / "rows.i32", "<i4").reshape(-1, len(self.names)))
            with open(pages, encoding="utf-8") as truths, open(Path(folder) / "blocks.jsonl", encoding="utf-8") as found:
                for truth, blocks in zip(truths, found):
                    truth, blocks = json.loads(truth), json.loads(blocks)
                    words = [WORD.findall(text.lower()) for text in blocks["texts"]]
                    expected = WORD.findall(truth["text"].lower())
                    sizes = np.array([len(block) for block in words], float)
                    self.pages.append({
                        "site": truth["site"],
                        "type": truth["type"],
                        "corpus": Path(pages).stem,
                        "rows": slice(at, at + len(words)),
                        "words": words,
                        "sizes": np.array([block for block in blocks["sizes"]], float),
                        "expected": Counter(expected),
                        "labels": labels(words, expected),
                        "weights": (sizes + 0.5) / (len(expected) + 0.3 * sizes.sum() + 50),
                    })
                    at += len(words)
        counts = Counter(page["corpus"] for page in self.pages)
        for page in self.pages:
            page["weights"] *= 2 if counts[page["corpus"]] < SMALL_CORPUS else 1
        self.rows = np.concatenate(self.rows)
        self.labels = np.concatenate([page["labels"] for page in self.pages])
        self.weights = np.concatenate([page["weights"] for page in self.pages])

    def of_blocks(self, of_page):
        """A value of each page, repeated for its blocks."""
        return np.concatenate([np.full(len(page["words"]), of_page(page)) for page in self.pages])

    def fit(self, chosen):
        weights = self.weights[chosen] / self.weights[chosen].mean()
        return lightgbm.train(SETTINGS, lightgbm.Dataset(self.rows[chosen], self.labels[chosen], weight=weights), TREES)


def choose(chances, sizes):
    """Which blocks make the expected F1 greatest: all from some chance upwards."""
    order = np.argsort(-chances, kind="stable")
    expected = chances * sizes
    gains = np.cumsum(expected[order]) / (np.cumsum(sizes[order]) + expected.sum() + 1e-9)
    keep = np.zeros(len(chances), bool)
    keep[order[: np.argmax(gains) + 1]] = True
    return keep


def report(data, chances, title, which=lambda page: True):
    groups = defaultdict(list)
    for page in filter(which, data.pages):
        keep = choose(chances[page["rows"]], page["sizes"]) if page["words"] else []
        found = Counter(word for block, kept in zip(page["words"], keep) if kept for word in block)
        score = f1(found, page["expected"])
        for group in ("all", page["type"]):
            groups[page["corpus"], group].append(score)
    print(title)
    for (corpus, group), scores in sorted(groups.items()):
        print(f"  {corpus:12} {group:14} {len(scores):5} {sum(scores) / len(scores):.4f}", flush=True)


def check(data):
    number = lambda page: int(hashlib.sha256(f"fold {page['site']}".encode()).hexdigest(), 16) % FOLDS
    folds, chances = data.of_blocks(number), np.zeros(len(data.labels))
    for fold in range(FOLDS):
        chances[folds == fold] = data.fit(folds != fold).predict(data.rows[folds == fold])
    report(data, chances, "each site by a model that has not seen it")
    halves = data.of_blocks(lambda page: half(page["site"]))
    chances = data.fit(halves == 0).predict(data.rows)
    report(data, chances, "half 1 by a model of half 0", lambda page: half(page["site"]) == 1)


def full(node, depth):
    """A tree's decisions, breadth first in one list, and its leaves; short branches are filled up."""
    if depth == 0:
        assert "leaf_value" in node
        return [], [node["leaf_value"]]
    if "leaf_value" in node:
        below = full(node, depth - 1)
        return [[(0, 2**31 - 1)]] + [level * 2 for level in below[0]], below[1] * 2
    assert node["decision_type"] == "<="
    # Numbers are whole: at most 2.5 is at most 2.
    threshold = int(np.floor(node["threshold"]))
    left, right = full(node["left_child"], depth - 1), full(node["right_child"], depth - 1)
    levels = [a + b for a, b in zip(left[0], right[0])]
    return [[(node["split_feature"], threshold)]] + levels, left[1] + right[1]


def write(data, path):
    model = data.fit(np.ones(len(data.labels), bool))
    lines = []
    for tree in model.dump_model()["tree_info"]:
        levels, leaves = full(tree["tree_structure"], DEPTH)
        splits = ", ".join(f"({feature}, {threshold})" for level in levels for feature, threshold in level)
        leaves = ", ".join(str(round(1024 * leaf)) for leaf in leaves)
        lines.append(f"    ([{splits}],\n     [{leaves}]),")
    names = "\n".join(f'    "{name}",' for name in data.names)
    Path(path).write_text(
        "//! The weights of the main text, written by `bench/extractors/fit.py`: not to be edited by hand.\n\n"
        "use super::forest::Tree;\n\n"
        f"/// What is measured of a block, in the order of the numbers in the trees.\n#[rustfmt::skip]\npub(super) static FEATURES: [&str; {len(data.names)}] = [\n{names}\n];\n\n"
        f"/// Decisions and leaves; see `forest.rs`.\n#[rustfmt::skip]\npub(super) static TREES: [Tree; {len(lines)}] = [\n" + "\n".join(lines) + "\n];\n",
        encoding="utf-8",
    )
    importance = sorted(zip(model.feature_importance("gain"), data.names), reverse=True)
    for gain, name in importance:
        print(f"{gain:12.0f} {name}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs", nargs="+", metavar="PAGES=FOLDER")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", metavar="FILE")
    arguments = parser.parse_args()
    data = Data([pair.split("=", 1) for pair in arguments.pairs])
    print(f"{len(data.pages)} pages, {len(data.labels)} blocks, {len(data.names)} features", flush=True)
    if arguments.check:
        check(data)
    if arguments.write:
        write(data, arguments.write)


if __name__ == "__main__":
    main()
