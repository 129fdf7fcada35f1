"""Steps of a reward model and of PPO by PyTorch on one thread: CPU seconds and memory.

    python bench/rlhf/ppo_step.py '{"folder": "FOLDER", "micro": 8}' --serve

FOLDER holds two Hugging Face checkpoints, `policy` and `critic`, the latter with `score.weight`, and `batch.json`: `rankings`,
each with `prompt`, `answers` and `ranks`, and `answers`, each with `prompt`, `ids`, and per id `old` log-probability,
`advantages`, `values` and `returns`. Everything is f32 and eager; attention is PyTorch's own kernel.

For every line on standard input a step is taken. `reward`: all answers of the rankings are scored once by body and head, the
loss is the mean over rankings of the mean over pairs of -log sigmoid. `ppo`: the clipped loss of the policy, mean over tokens,
and half of the critic's clipped squared error; logits are computed where answers are only. Both: micro-batches of `micro`
answers, backward pass, clipping of all gradients to a norm of 1, one step of fused AdamW.

Answers with one JSON line: CPU `seconds` (user and system, all threads), `loss`, the gradients' `norms` (one) before clipping, and
`memory_bytes`, the peak of resident memory since the first step, less what was resident before.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import torch
import transformers
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlamaForCausalLM

CLIP, VALUE_CLIP, VALUE_WEIGHT, RATE = 0.2, 0.2, 0.5, 1e-4


class Critic(nn.Module):
    """A body and a number a token."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.body = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).model
        self.head = nn.Parameter(load_file(folder / "model.safetensors")["score.weight"])

    def forward(self, rows: Tensor) -> Tensor:
        return functional.linear(self.body(input_ids=rows, use_cache=False).last_hidden_state, self.head)[..., 0]


class Training:
    def __init__(self, folder: Path, micro: int) -> None:
        told = json.loads((folder / "batch.json").read_text())
        self.rankings, self.answers, self.micro = told["rankings"], told["answers"], micro
        self.policy = LlamaForCausalLM.from_pretrained(folder / "policy", dtype=torch.float32)
        self.critic = Critic(folder / "critic")
        self.optimizers = [
            torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
            for model in (self.policy, self.critic)
        ]

    def reward(self) -> Tensor:
        """A ranking has no more answers than a micro-batch."""
        total, at_once = torch.zeros(()), max(1, self.micro // len(self.rankings[0]["answers"]))
        for start in range(0, len(self.rankings), at_once):
            rankings = self.rankings[start : start + at_once]
            rows = torch.tensor([of["prompt"] + answer for of in rankings for answer in of["answers"]])
            scores = self.critic(rows)[:, -1].view(len(rankings), -1)
            losses = []
            for own, ranking in zip(scores, rankings):
                ranks = torch.tensor(ranking["ranks"])
                better, worse = torch.nonzero(ranks[:, None] < ranks[None, :], as_tuple=True)
                losses.append(-functional.logsigmoid(own[better] - own[worse]).mean())
            loss = torch.stack(losses).sum() / len(self.rankings)
            loss.backward()
            total += loss.detach()
        return total

    def ppo(self) -> Tensor:
        total = torch.zeros(())
        for start in range(0, len(self.answers), self.micro):
            answers = self.answers[start : start + self.micro]
            column = lambda name: torch.tensor([of[name] for of in answers])  # noqa: E731
            ids = column("ids")
            rows, first = torch.cat([column("prompt"), ids], 1), len(answers[0]["prompt"]) - 1
            hidden = self.policy.model(input_ids=rows, use_cache=False).last_hidden_state[:, first:-1]
            logits = self.policy.lm_head(hidden)
            new = -functional.cross_entropy(logits.flatten(0, 1), ids.flatten(), reduction="none").view(ids.shape)
            gain, ratio = column("advantages"), (new - column("old")).exp()
            policy = -torch.min(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain)
            guess, old, target = self.critic(rows)[:, first:-1], column("values"), column("returns")
            moved = torch.clamp(guess, old - VALUE_CLIP, old + VALUE_CLIP)
            critic = 0.5 * torch.max((guess - target) ** 2, (moved - target) ** 2)
            loss = (policy + VALUE_WEIGHT * critic).mean() * (len(answers) / len(self.answers))
            loss.backward()
            total += loss.detach()
        return total

    def step(self, order: str) -> dict[str, Any]:
        start = time.process_time()
        loss = self.reward() if order == "reward" else self.ppo()
        models = [self.critic] if order == "reward" else [self.policy, self.critic]
        parameters = [parameter for model in models for parameter in model.parameters()]
        norm = nn.utils.clip_grad_norm_(parameters, 1.0).item()
        for optimizer in self.optimizers[-len(models) :]:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        seconds = time.process_time() - start
        return {"seconds": seconds, "loss": loss.item(), "norms": [norm]}


def resident(field: str) -> int:
    """Bytes of a field in kB of `/proc/self/status`."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))


def main() -> None:
    settings = json.loads(sys.argv[1])
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    # nothing but rows of numbers on standard output
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    training = Training(Path(settings["folder"]), settings["micro"])
    # what PyTorch loads when it is first used is no memory of a step
    training.policy(input_ids=torch.zeros((2, 4), dtype=torch.long)).logits.sum().backward()
    training.policy.zero_grad(set_to_none=True)
    before = resident("VmRSS")
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
    version = f"torch {torch.__version__} eager, transformers {transformers.__version__}"
    for order in sys.stdin:
        told = training.step(order.strip())
        print(json.dumps(told | {"memory_bytes": resident("VmHWM") - before, "version": version}), flush=True)


if __name__ == "__main__":
    main()
