"""Whether vocabularies and ids are those of others: merges of rustbpe and of Hugging Face on one corpus, and ids that
`tokenizers` and `transformers` read from our files.

    cd bench && cargo build --release
    "$PEERS/bin/python" bpe/interchange.py target/release/bench corpus.jsonl

Every line says how many of how many are equal; the last ones, what becomes of the name of a special token in a text, which
those programs take for the token and we never do.
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"
SIZE = 32768
TEXTS = 10_000
SPECIALS = 32
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def ours(bench, corpus, directory, **settings):
    settings = {"vocab_size": SIZE + SPECIALS, "min_frequency": 1} | settings
    subprocess.run([bench, "bpe-train", corpus, json.dumps(settings), directory], check=True, stdout=subprocess.DEVNULL)
    return json.loads(Path(directory, "tokenizer.json").read_text())


def alphabet():
    """GPT-2's letters for bytes."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + at): byte for at, byte in enumerate(others)}


def rustbpe_tokens(texts):
    import rustbpe

    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(iter(texts), SIZE)
    return [bytes(token) for token, _ in sorted(tokenizer.get_mergeable_ranks(), key=lambda row: row[1])], tokenizer


def hugging_face_merges(texts):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE, min_frequency=0, special_tokens=[], initial_alphabet=letters, show_progress=False
    )
    tokenizer.train_from_iterator(iter(texts), trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [merge.split(" ") if isinstance(merge, str) else merge for merge in merges]


def told(what, theirs, ours):
    same = sum(a == b for a, b in zip(theirs, ours))
    print(f"{what}: {same} of {max(len(theirs), len(ours))} equal", flush=True)


def main():
    bench, corpus = sys.argv[1:]
    texts = [json.loads(line)["text"] for line in open(corpus, encoding="utf-8")]
    with tempfile.TemporaryDirectory() as scratch:
        theirs, tokenizer = rustbpe_tokens(texts)
        file = ours(bench, corpus, f"{scratch}/raw", pattern={"regex": tokenizer.get_pattern()})
        letters = alphabet()
        spelled = sorted(file["model"]["vocab"].items(), key=lambda row: row[1])
        tokens = [bytes(letters[letter] for letter in token) for token, _ in spelled]
        told(f"tokens of rustbpe {version('rustbpe')}", theirs, tokens)

        file = ours(bench, corpus, f"{scratch}/hf", pattern="gpt2", tie_break="hugging-face")
        merges = [merge.split(" ") for merge in file["model"]["merges"]]
        told(f"merges of tokenizers {version('tokenizers')}", hugging_face_merges(texts), merges)

        paragraphs = [part for text in texts for part in text.split("\n\n") if part and "<|" not in part]
        some = paragraphs[:: max(1, len(paragraphs) // TEXTS)][:TEXTS]
        lines = Path(scratch, "texts.jsonl")
        lines.write_text("".join(json.dumps({"text": text}) + "\n" for text in some))
        encoded = subprocess.run([bench, "bpe-encode", lines, f"{scratch}/raw"], check=True, capture_output=True)
        ids = [json.loads(line) for line in encoded.stdout.splitlines()]

        from tokenizers import Tokenizer
        from transformers import AutoTokenizer

        theirs = Tokenizer.from_file(f"{scratch}/raw/tokenizer.json")
        told(f"ids of tokenizers {version('tokenizers')}", [theirs.encode(text).ids for text in some], ids)
        theirs_too = AutoTokenizer.from_pretrained(f"{scratch}/raw")
        read = [theirs_too(text)["input_ids"] for text in some]
        told(f"ids of transformers {version('transformers')}", read, ids)
        name = "<|bos|>hi"
        print(f"{name}: tokenizers {theirs.encode(name).ids}, transformers {theirs_too(name)['input_ids']}", end=", ")
        lines.write_text(json.dumps({"text": name}) + "\n")
        encoded = subprocess.run([bench, "bpe-encode", lines, f"{scratch}/raw"], check=True, capture_output=True)
        print(f"ours {json.loads(encoded.stdout)}")


if __name__ == "__main__":
    main()
