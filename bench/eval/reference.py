"""The questions of stage `eval`, answered by transformers in f32 on the CPU, with code of its own.

    python bench/eval/reference.py REQUEST

REQUEST is a JSON file: `model`, a Hugging Face folder; `begin`, a special token that stands before every text, or "";
`context`, the model's positions; and `benchmarks`, each with `name`, `file` (JSON lines, `.zst` and `.gz` too), `items`
(the first so many, 0 for all), `before_question`, `before_answer` and `method` ("choice" or "cloze").

Ids come from `tokenizers`, which opens the folder's `tokenizer.json`. Where a context ends is the rule of EleutherAI's
lm-evaluation-harness: white space at its end moves to the continuation, both are encoded together, and the continuation is
what stands behind as many ids as the context has alone. There are no batches; transformers' cache goes on from a context
with each of its continuations.

Prints a JSON object a benchmark: `name`, and in `items` of every item the log-probability of each choice (or of the
answer), the tokens that it has, whether they are the likeliest ones, and the metrics.
"""

import copy
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).parent.parent / "model"))
from checkpoint import opened  # noqa: E402


def lines(path: str) -> list[dict[str, Any]]:
    if path.endswith(".zst"):
        text = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout.decode()
    elif path.endswith(".gz"):
        text = gzip.open(path, "rt", encoding="utf-8").read()
    else:
        text = Path(path).read_text(encoding="utf-8")
    # not splitlines: a JSON text may hold U+2028
    rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    if not all("request_type" in row for row in rows):
        return rows
    # oe-eval's requests: a line for each thing that is asked about a document
    documents = {json.dumps(row["doc"]): row["doc"] for row in rows}
    return [
        {"context": document["query"], "continuation": document["answers_text"][0]} | document
        if "answers_text" in document
        else document
        for document in documents.values()
    ]


class Reference:
    def __init__(self, request: dict[str, Any]) -> None:
        self.model = opened(request["model"])
        self.tokenizer = Tokenizer.from_file(str(Path(request["model"]) / "tokenizer.json"))
        self.context = request["context"]
        self.begin = [self.tokenizer.token_to_id(request["begin"])] if request["begin"] else []

    def ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def pair(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        moved = context[len(context.rstrip()) :]
        before = self.ids(context.rstrip())
        after = self.ids(context + continuation)[len(before) :] or self.ids(moved + continuation)
        return self.begin + before, after

    @torch.no_grad()
    def scores(self, context: str, continuations: list[str]) -> list[tuple[float, int, bool]]:
        read, scored = None, []
        for continuation in continuations:
            before, after = self.pair(context, continuation)
            before = before[-(self.context + 1 - len(after)) :]
            if before != read:
                told = self.model(input_ids=torch.tensor([before]), use_cache=True)
                read, cache, last = before, told.past_key_values, told.logits[0, -1:]
            logits = last
            if len(after) > 1:
                told = self.model(input_ids=torch.tensor([after[:-1]]), past_key_values=copy.deepcopy(cache))
                logits = torch.cat([last, told.logits[0]])
            targets = torch.tensor(after)
            chosen = logits.log_softmax(-1).gather(-1, targets[:, None])[:, 0]
            likeliest = bool((logits.argmax(-1) == targets).all())
            scored.append((chosen.double().sum().item(), len(after), likeliest))
        return scored


def best(scores: list[float]) -> int:
    return scores.index(max(scores))


def choice(reference: Reference, told: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    context = told["before_question"] + row["query"] + told["before_answer"]
    scored = reference.scores(context, row["choices"])
    sums = [score for score, _, _ in scored]
    by_token = [score / tokens for score, tokens, _ in scored]
    by_byte = [score / len(text.encode()) for score, text in zip(sums, row["choices"])]
    ways = {"right": sums, "right_per_token": by_token, "right_per_byte": by_byte}
    return {"scored": scored} | {way: best(scores) == row["gold"] for way, scores in ways.items()}


def cloze(reference: Reference, told: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    context = told["before_question"] + row["context"] + told["before_answer"]
    scored = reference.scores(context, [row["continuation"]])
    return {"scored": scored, "right": scored[0][2], "nats": -scored[0][0]}


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text())
    reference = Reference(request)
    for told in request["benchmarks"]:
        rows = lines(told["file"])
        rows = rows[: told["items"] or len(rows)]
        answer = {"choice": choice, "cloze": cloze}[told["method"]]
        items = [answer(reference, told, row) for row in rows]
        print(json.dumps({"name": told["name"], "items": items}), flush=True)


if __name__ == "__main__":
    main()
