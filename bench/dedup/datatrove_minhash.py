"""MinHash of datatrove, for comparison with ours.

    python datatrove_minhash.py sign FILE sha1     signs the texts of FILE (JSON lines); prints CPU seconds of that
    python datatrove_minhash.py sample             the fixed vectors of crates/fineweb-filter/tests/dedup.rs
    cargo run --release -p fineweb-filter --example sign FILE sha1 > OURS
    python datatrove_minhash.py compare FILE OURS sha1   text by text: normalised, words, shingles, signatures
"""

import json
import sys
import time

from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import simplify_text

SAMPLE = "Hello, World! It cost $1,234.50 on Monday — café №5 …  don't."


def signer(hash_name):
    hash_config = HashConfig(hash_fc={"sha1": "sha1", "xxh64": "xxhash"}[hash_name])
    return MinhashDedupSignature("/tmp", MinhashConfig(hash_config=hash_config))


def texts(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def flat(signature):
    return [value for band in signature for value in band]


def sign(path, hash_name):
    ours = signer(hash_name)
    documents = texts(path)
    ours.get_shingles("one two three four five six")  # loads the tokenizer
    start = time.process_time()
    for text in documents:
        shingles = ours.get_shingles(text)
        if shingles.size:
            ours.get_signature(shingles)
    print(time.process_time() - start)


def sample():
    for hash_name in ["sha1", "xxh64"]:
        one = signer(hash_name)
        shingles = one.get_shingles(SAMPLE)
        print(hash_name, len(shingles), int(shingles[0][0]), one.get_signature(shingles)[0])


def compare(path, ours, hash_name):
    import numpy as np

    one = signer(hash_name)
    count = dict.fromkeys(["texts", "normalised", "words", "shingles", "minima", "whole"], 0)
    with open(ours, encoding="utf-8") as lines:
        for text, line in zip(texts(path), lines, strict=True):
            row = json.loads(line)
            count["texts"] += 1
            normalised = simplify_text(text, one.config.norm_config)
            count["normalised"] += normalised == row["normalised"]
            words = one.word_tokenizer.word_tokenize(normalised)
            count["words"] += words == row["words"]
            # from our words on, everything must agree
            grams = [" ".join(row["words"][at : at + 5]) for at in range(len(row["words"]) - 4)]
            count["shingles"] += [one._hash_func(gram) for gram in grams] == row["shingles"]
            minima = []
            if row["shingles"]:
                minima = flat(one.get_signature(np.array(row["shingles"], dtype=np.uint64).reshape((-1, 1))))
            count["minima"] += minima == row["minima"]
            theirs = one.get_shingles(text)
            count["whole"] += (flat(one.get_signature(theirs)) if theirs.size else []) == row["minima"]
    print(json.dumps(count))


if __name__ == "__main__":
    {"sign": sign, "sample": sample, "compare": compare}[sys.argv[1]](*sys.argv[2:])
