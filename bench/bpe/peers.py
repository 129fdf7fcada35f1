"""Runs one tokenizer over a corpus, on one thread.

    python peers.py train rustbpe corpus.jsonl 32768      # CPU seconds of training; merges learned; peak memory
    python peers.py train gigabpe corpus.jsonl 32768
    python peers.py encode gigatoken corpus.jsonl tokenizer.json
    python peers.py load tokenizers corpus.jsonl tokenizer.json          # CPU seconds of reading the file

On standard output one JSON object with CPU seconds (user and system) of the work alone. `bench bpe` runs this as a child.
"""

import json
import os
import resource
import sys
import tempfile
import time
from importlib.metadata import version

os.environ["RAYON_NUM_THREADS"] = "1"


def texts(corpus):
    with open(corpus, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def timed(work):
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def rustbpe(corpus, size):
    import rustbpe

    # reading is not training: the time of an empty pass is taken off
    reading, _ = timed(lambda: sum(map(len, texts(corpus))))
    tokenizer = rustbpe.Tokenizer()
    seconds, _ = timed(lambda: tokenizer.train_from_iterator(texts(corpus), size))
    return seconds - reading, len(tokenizer.get_mergeable_ranks()) - 256


def gigabpe(corpus, size):
    import gigabpe

    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        for text in texts(corpus):
            file.write(text)
        file.flush()
        train = lambda: gigabpe.train_bpe([file.name], size, special_tokens=[], pretokenizer="bytelevel", threads=1)
        seconds, (_, merges) = timed(train)
    return seconds, len(merges)


def gigatoken(corpus, tokenizer):
    from gigatoken import Tokenizer

    tokenizer = Tokenizer.from_json(open(tokenizer, encoding="utf-8").read())
    batch = list(texts(corpus))
    passes = []
    for _ in range(4):
        seconds, ids = timed(lambda: tokenizer.encode_batch(batch, parallel=False))
        passes.append(seconds)
    return {"cold": passes[0], "warm": min(passes[1:]), "ids": sum(len(row) for row in ids)}


def tokenizers(tokenizer):
    from tokenizers import Tokenizer

    return sorted(timed(lambda: Tokenizer.from_file(tokenizer))[0] for _ in range(5))[2]


def main():
    what, name, corpus, last = sys.argv[1:]
    said = {"version": f"{name} {version(name)}"}
    if what == "train":
        said["seconds"], said["merges"] = {"rustbpe": rustbpe, "gigabpe": gigabpe}[name](corpus, int(last))
        said["peak_kb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    elif what == "load":
        said["seconds"] = {"tokenizers": tokenizers}[name](last)
    else:
        said |= {"gigatoken": gigatoken}[name](corpus, last)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
