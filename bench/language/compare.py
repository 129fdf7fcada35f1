"""Languages: our reader of fastText models beside the library, and both backends beside the truth.

    zstd -d lingua-*.tsv.zst                                   # `code TAB text` a line
    cargo build --release -p fineweb-filter --example language
    python bench/language/compare.py target/release/examples/language lid.176.ftz DIR [texts.txt]

Prints, for each file `lingua-*.tsv` of DIR: rows on which label or score differ from the library's, texts a second of
both (CPU time), and how often each backend is right, by language. With the texts of real pages (see `texts.py`):
which share of those that the library calls English above 0.65 the default backend keeps, for several thresholds.
"""

import collections
import glob
import os
import subprocess
import sys
import time

import fasttext

PREFIX = 4096
THRESHOLDS = [0.0, 0.2, 0.4, 0.5, 0.65, 0.8, 0.9, 0.99]


def library(model, texts):
    """(label, score) of each text, and CPU seconds. Line feeds become spaces, as FineWeb has it."""
    texts = [text.replace("\\n", " ") for text in texts]
    begin = time.process_time()
    found = [model.predict(text, k=1, threshold=-1.0) for text in texts]
    seconds = time.process_time() - begin
    return [(labels[0][9:], float(scores[0])) if len(labels) else ("-", 0.0) for labels, scores in found], seconds


def ours(program, backend, texts, prefix=None):
    arguments = [program, backend] + ([str(prefix)] if prefix else [])
    text = "".join(line + "\n" for line in texts)
    done = subprocess.run(arguments, input=text.encode(), capture_output=True, check=True)
    print("  " + done.stderr.decode().strip())
    rows = (line.split("\t") for line in done.stdout.decode().splitlines())
    return [(code, float(score)) for code, score in rows]


def lines(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return [line.rstrip("\n") for line in file]


def parity(program, model_path, model, texts):
    theirs, seconds = library(model, texts)
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"  library: {seconds:.3f} s of CPU, {len(texts) / seconds:.0f} texts/s, {size / seconds:.1f} MB/s")
    found = ours(program, model_path, texts)
    labels = sum(a[0] != b[0] for a, b in zip(theirs, found))
    widest = max(abs(a[1] - b[1]) for a, b in zip(theirs, found))
    print(f"  {len(texts)} rows: {labels} labels differ, scores by at most {widest:.1e}")
    return theirs, found


def accuracy(truth, fast, what):
    # languages that whatlang does not know count against it, as they would in use; Norwegian has two names
    same = {"no": "nb"}
    name = lambda code: same.get(code, code)
    right = {"fasttext": collections.Counter(), "whatlang": collections.Counter()}
    rows = collections.Counter(truth)
    for code, a, b in zip(truth, fast, what):
        right["fasttext"][code] += name(a[0]) == name(code)
        right["whatlang"][code] += name(b[0]) == name(code)
    for backend, counts in right.items():
        print(f"  {backend}: {sum(counts.values()) / len(truth):.4f} right")
    for code in sorted(rows):
        shares = " ".join(f"{backend} {counts[code] / rows[code]:.3f}" for backend, counts in right.items())
        print(f"    {code} ({rows[code]} rows): {shares}")


def english(program, model_path, model, texts):
    theirs, found = parity(program, model_path, model, texts)
    what = ours(program, "whatlang", texts, PREFIX)
    short = ours(program, model_path, texts, PREFIX)
    sure = [code == "en" and score > 0.65 for code, score in theirs]
    print(f"  {len(texts)} texts, English above 0.65 by the library: {sum(sure)}")
    short_sure = [code == "en" and score > 0.65 for code, score in short]
    print(f"  the same model on the first {PREFIX} bytes: {sum(a != b for a, b in zip(sure, short_sure))} differ")
    # the next rule but one asks for fifty words, so shorter texts fall whatever their language
    long = [len(text.replace("\\n", " ").split()) >= 50 for text in texts]
    for which, asked in [("all texts", [True] * len(texts)), ("texts of 50 words or more", long)]:
        for threshold in THRESHOLDS:
            rows = [(a, code == "en" and score > threshold) for a, (code, score), c in zip(sure, what, asked) if c]
            both, wanted, kept = sum(a and b for a, b in rows), sum(a for a, _ in rows), sum(b for _, b in rows)
            print(f"  {which}, whatlang above {threshold}: recall {both / wanted:.4f} of {wanted}, {kept - both} more")
    for text, a, b in zip(texts, theirs, what):
        if (a[0] == "en" and a[1] > 0.65) != (b[0] == "en" and b[1] > 0.65):
            print(f"    fasttext {a[0]} {a[1]:.3f}, whatlang {b[0]} {b[1]:.3f}: {text[:80]!r}")


def main():
    program, model_path, directory, *more = sys.argv[1:]
    model = fasttext.load_model(model_path)
    for path in sorted(glob.glob(os.path.join(directory, "lingua-*.tsv"))):
        print(os.path.basename(path))
        rows = [line.split("\t", 1) for line in lines(path)]
        texts = [text for _, text in rows]
        theirs, fast = parity(program, model_path, model, texts)
        what = ours(program, "whatlang", texts)
        accuracy([code for code, _ in rows], fast, what)
    for path in more:
        print(os.path.basename(path))
        english(program, model_path, model, lines(path))


main()
