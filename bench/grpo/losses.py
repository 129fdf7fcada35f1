"""Losses, gradients and advantages of reinforcement learning by TRL and PyTorch in f64, as data for a test.

    python bench/grpo/losses.py > crates/rl/tests/numbers.json

Each loss is written here from its paper, and its value and gradient are PyTorch's. Where TRL has the same loss, its
trainer's own code is run on the same numbers, must give the same to 1e-12, and its numbers are the ones written:
`source` says whose they are. The fields are explained in the file itself.
"""

import json
import sys
from typing import Any

import torch
import trl
from torch import Tensor
from trl.rewards import get_soft_overlong_punishment
from trl.trainer.utils import nanstd

from stub import trl_loss

ABOUT = {
    "batches": "Per token, one sequence of `lengths` after the other: log-probabilities by the policy (`new`), by the "
    "one that sampled (`old`), by the reference; per sequence its advantage. A group is `group` sequences in a row.",
    "losses": "`value` = aggregation(-surrogate + beta * kl), to be minimised; `gradient` is its derivative by `new`, "
    "per token. Where `ratio` is none the surrogate is A * new; else it is min(r A, clip(r) A) with r = exp(new - old) "
    "per token, or of a sequence's mean (`sequence-mean`) or sum (`sequence-sum`) of new - old, clipped to "
    "1 - low .. 1 + high. `cap`: r is no part of the gradient and at most `cap`, and A * new is weighted by it "
    "(CISPO). kl is of new - reference at every token, also where the ratio is a sequence's.",
    "aggregation": "`sequence-token-mean`: mean of sequences' means of tokens. `token-mean`: sum / `tokens`, where "
    "`tokens` may count more than this batch has, because it is one of several. `token-sum-over`: sum / (sequences * "
    "`length`). `sequence-token-sum`: mean of sequences' sums; a loss that has one value a sequence counts once.",
    "advantages": "`reward` null: nobody could say; such an answer is no part of a mean and has the advantage 0.",
    "kl": "x = new - reference; `slope` is the derivative by `new`.",
    "overlong": "Soft overlong punishment: per length of an answer.",
    "gae": "Places that are not `counted` hold nothing the policy said: they are passed over, and their results are 0.",
    "whitening": "(x - mean) / sqrt(variance + 1e-8) over counted places, variance by n - 1; `centred` false adds the "
    "mean again. Other places are 0.",
}
KL = [None, "k1", "k2", "k3"]
BETA = 0.04
CLIP = {"low": 0.2, "high": 0.2}
# name, settings without KL, TRL's name of the loss
LOSSES: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
    ("reinforce", {"ratio": "none", "aggregation": "sequence-token-sum"}, None),
    ("reinforce-token-mean", {"ratio": "none", "aggregation": "token-mean", "tokens": "batch"}, None),
    ("grpo", {"ratio": "token", "clip": CLIP, "aggregation": "sequence-token-mean"}, {"loss_type": "grpo"}),
    (
        "dapo",
        {"ratio": "token", "clip": {"low": 0.2, "high": 0.28}, "aggregation": "token-mean", "tokens": 57},
        {"loss_type": "dapo"},
    ),
    ("bnpo", {"ratio": "token", "clip": CLIP, "aggregation": "token-mean", "tokens": "batch"}, {"loss_type": "bnpo"}),
    (
        "dr-grpo",
        {"ratio": "token", "clip": CLIP, "aggregation": "token-sum-over", "length": 6},
        {"loss_type": "dr_grpo"},
    ),
    (
        "gspo",
        {"ratio": "sequence-mean", "clip": {"low": 3e-4, "high": 4e-4}, "aggregation": "sequence-token-mean"},
        {"loss_type": "grpo", "level": "sequence"},
    ),
    (
        "gspo-wide",
        {"ratio": "sequence-mean", "clip": {"low": 0.2, "high": 0.28}, "aggregation": "sequence-token-mean"},
        {"loss_type": "grpo", "level": "sequence"},
    ),
    ("rloo", {"ratio": "sequence-sum", "clip": CLIP, "aggregation": "sequence-token-sum"}, {"loss_type": "rloo"}),
    (
        "cispo",
        {"ratio": "token", "cap": 1.25, "aggregation": "token-mean", "tokens": "batch"},
        {"loss_type": "cispo"},
    ),
]
LENGTHS = [3, 1, 5, 2, 4, 1, 3, 5]
GROUP = 4


def batches() -> dict[str, dict[str, Any]]:
    """On the policy; a little off it, so that means of sequences lie around GSPO's clip; far off it."""
    generator = torch.Generator().manual_seed(8)

    def normal(count: int, deviation: float) -> Tensor:
        return torch.randn(count, generator=generator, dtype=torch.float64) * deviation

    found = {}
    for name, off in [("on-policy", 0.0), ("near", 0.0008), ("far", 0.4)]:
        count = sum(LENGTHS)
        new = -normal(count, 1.0).abs() - 0.3
        columns = {"new": new, "old": new + normal(count, off), "reference": new + normal(count, 0.3)}
        # six places: what is written is what was computed with
        rounded = {key: [round(value, 6) for value in values.tolist()] for key, values in columns.items()}
        rewards = (torch.rand(len(LENGTHS), generator=generator) * 4).round().double().view(-1, GROUP)
        advantages = (rewards - rewards.mean(1, keepdim=True)).flatten().tolist()
        found[name] = {"lengths": LENGTHS, "group": GROUP, **rounded, "advantages": advantages}
    return found


def padded(flat: Tensor) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(flat.split(LENGTHS)), batch_first=True)


def estimate(x: Tensor, kind: str) -> Tensor:
    """http://joschu.net/blog/kl-approx.html, of x = new - reference."""
    return {"k1": x, "k2": 0.5 * x**2, "k3": torch.expm1(-x) + x}[kind]


def loss_of(settings: dict[str, Any], batch: dict[str, Any], new: Tensor) -> Tensor:
    """A loss as its paper has it, sequence by sequence."""
    old, reference = (torch.tensor(batch[key], dtype=torch.float64) for key in ("old", "reference"))
    parts = zip(new.split(LENGTHS), old.split(LENGTHS), reference.split(LENGTHS), batch["advantages"])
    tokens, sequences = [], []
    for new, old, reference, advantage in parts:
        loss = -surrogate(settings, new, old, advantage)
        kl = torch.zeros_like(new)
        if settings["kl"]:
            kl = settings["kl"]["beta"] * estimate(new - reference, settings["kl"]["estimator"])
        # one value of a sequence: it stands at each of its tokens in a mean, and once in a sum
        once = settings["ratio"] == "sequence-sum"
        sequences.append((loss.sum() if once else loss.expand_as(new).sum()) + kl.sum())
        tokens.append(len(new))
    if settings["aggregation"] == "sequence-token-mean":
        return torch.stack([loss / count for loss, count in zip(sequences, tokens)]).mean()
    total = torch.stack(sequences).sum()
    over = {
        "token-mean": settings.get("tokens"),
        "token-sum-over": len(tokens) * settings.get("length", 0),
        "sequence-token-sum": len(tokens),
    }
    return total / over[settings["aggregation"]]


def surrogate(settings: dict[str, Any], new: Tensor, old: Tensor, advantage: float) -> Tensor:
    if settings["ratio"] == "none":
        return advantage * new
    away = new - old
    ratio = {"token": away, "sequence-mean": away.mean(), "sequence-sum": away.sum()}[settings["ratio"]].exp()
    if "cap" in settings:
        return ratio.clamp(max=settings["cap"]).detach() * advantage * new
    clipped = ratio.clamp(1 - settings["clip"]["low"], 1 + settings["clip"]["high"])
    return torch.min(ratio * advantage, clipped * advantage)


def by_trl(how: dict[str, Any], settings: dict[str, Any], batch: dict[str, Any], new: Tensor) -> Tensor:
    """The same by the method of TRL's trainer."""
    old, reference = (padded(torch.tensor(batch[key], dtype=torch.float64)) for key in ("old", "reference"))
    clip = settings.get("clip", {"low": 0.0, "high": settings.get("cap")})
    return trl_loss(
        padded(new),
        old,
        reference,
        padded(torch.ones(sum(LENGTHS), dtype=torch.float64)),
        torch.tensor(batch["advantages"], dtype=torch.float64),
        **how,
        clip=(clip["low"], clip["high"]),
        beta=settings["kl"]["beta"] if settings["kl"] else 0.0,
        tokens=settings.get("tokens", 0),
        longest=settings.get("length", 0),
    )


def losses(batches: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for batch_name, batch in batches.items():
        for name, base, how in LOSSES:
            for kl in KL:
                settings = base | {"kl": {"estimator": kl, "beta": BETA} if kl else None}
                if settings.get("tokens") == "batch":
                    settings["tokens"] = sum(LENGTHS)
                value, gradient = with_gradient(lambda new: loss_of(settings, batch, new), batch)
                source = "torch"
                # TRL has k3 only, and for RLOO none in the loss
                if how and (kl is None or kl == "k3" and not how["loss_type"] == "rloo"):
                    theirs, their_gradient = with_gradient(lambda new: by_trl(how, settings, batch, new), batch)
                    agree(value, theirs, f"{name} {kl}")
                    agree(gradient, their_gradient, f"{name} {kl}")
                    value, gradient, source = theirs, their_gradient, "trl"
                case = {"name": name, "batch": batch_name, "source": source, "settings": settings}
                found.append(case | {"value": value.item(), "gradient": gradient.tolist()})
    return found


def with_gradient(loss: Any, batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
    new = torch.tensor(batch["new"], dtype=torch.float64, requires_grad=True)
    value = loss(new)
    value.backward()
    return value.detach(), new.grad


def agree(ours: Tensor, theirs: Tensor, what: str) -> None:
    if not torch.allclose(ours, theirs, rtol=1e-12, atol=1e-12):
        sys.exit(f"{what}: {ours} here, {theirs} by TRL")


def advantages() -> list[dict[str, Any]]:
    """TRL computes them in the middle of a long method; here with its function for deviations."""
    nan = float("nan")
    cases = [
        (4, [1.0, 0.0, 0.0, 1.0, 0.25, 0.5, 1.5, -2.0]),
        (3, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]),
        (2, [0.1, 0.3, 0.3, 0.1]),
        (4, [1.0, nan, 0.0, 0.5, nan, nan, nan, nan]),
        (1, [0.7, -0.2, 1.0]),
    ]
    found = []
    for group, values in cases:
        rewards = torch.tensor(values, dtype=torch.float64).view(-1, group)
        mean = rewards.nanmean(1, keepdim=True)
        deviation = nanstd(rewards, dim=1, keepdim=True) if group > 1 else torch.zeros_like(rewards)
        told = (~rewards.isnan()).sum(1, keepdim=True)
        others = (rewards.nansum(1, keepdim=True) - rewards) / (told - 1)
        kinds = {
            "z-score": (rewards - mean) / (deviation + 1e-4),
            "centred": rewards - mean,
            "none": rewards,
        }
        if group > 1:
            kinds["leave-one-out"] = rewards - others
        for kind, result in kinds.items():
            result = result.flatten().nan_to_num(nan=0.0).tolist()
            listed = [None if value != value else value for value in values]
            epsilon = {"epsilon": 1e-4} if kind == "z-score" else {}
            found.append({"kind": kind, **epsilon, "group": group, "reward": listed, "advantage": result})
    return found


def kl_of_ratios() -> list[dict[str, Any]]:
    found = []
    for kind in ["k1", "k2", "k3"]:
        x = torch.tensor([-6.0, -1.3, -0.2, -1e-3, 0.0, 0.04, 0.7, 5.0], dtype=torch.float64, requires_grad=True)
        values = estimate(x, kind)
        values.sum().backward()
        found.append({"estimator": kind, "x": x.tolist(), "value": values.tolist(), "slope": x.grad.tolist()})
    return found


def overlong() -> list[dict[str, Any]]:
    lengths = [0, 1, 79, 80, 81, 90, 99, 100, 101, 500]
    found = []
    for longest, cache in [(100, 20), (100, 100)]:
        punishment = get_soft_overlong_punishment(longest, cache)
        values = punishment([[0] * length for length in lengths])
        found.append({"longest": longest, "cache": cache, "length": lengths, "punishment": values})
    return found


def gae() -> list[dict[str, Any]]:
    """arXiv 1506.02438, equation 16, as the sum that it is."""
    generator = torch.Generator().manual_seed(3)
    masks = ["1111111", "1011001", "0110110", "1000000"]
    found = []
    for gamma, decay in [(1.0, 0.95), (0.9, 0.8), (1.0, 1.0), (0.99, 0.0)]:
        for mask in masks:
            counted = [letter == "1" for letter in mask]
            values = [round(x, 6) for x in torch.randn(7, generator=generator, dtype=torch.float64).tolist()]
            rewards = [round(x, 6) for x in torch.randn(7, generator=generator, dtype=torch.float64).tolist()]
            rewards = [reward if here else 0.0 for reward, here in zip(rewards, counted)]
            places = [place for place in range(7) if counted[place]]
            v = torch.tensor([values[place] for place in places] + [0.0], dtype=torch.float64)
            delta = torch.tensor([rewards[place] for place in places], dtype=torch.float64) + gamma * v[1:] - v[:-1]
            advantage, returned = [0.0] * 7, [0.0] * 7
            for at, place in enumerate(places):
                powers = (gamma * decay) ** torch.arange(len(places) - at, dtype=torch.float64)
                advantage[place] = (powers * delta[at:]).sum().item()
                returned[place] = advantage[place] + values[place]
            found.append(
                {"gamma": gamma, "lambda": decay, "counted": counted, "reward": rewards, "value": values}
                | {"advantage": advantage, "return": returned}
            )
    return found


def whitening() -> list[dict[str, Any]]:
    generator = torch.Generator().manual_seed(4)
    found = []
    for mask in ["11111111", "10110011", "00000011"]:
        counted = torch.tensor([letter == "1" for letter in mask])
        values = (torch.randn(8, generator=generator, dtype=torch.float64) * 3 + 1).mul(1e6).round().div(1e6)
        chosen = values[counted]
        white = (chosen - chosen.mean()) * torch.rsqrt(chosen.var(correction=1) + 1e-8)
        for centred in [True, False]:
            result = torch.zeros_like(values)
            result[counted] = white if centred else white + chosen.mean()
            told = {"centred": centred, "counted": counted.tolist(), "x": values.tolist()}
            found.append(told | {"result": result.tolist()})
    return found


def shorter(value: Any) -> Any:
    """Thirteen digits of every number."""
    if isinstance(value, dict):
        return {key: shorter(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shorter(part) for part in value]
    return float(f"{value:.13g}") if isinstance(value, float) else value


def lines(values: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(shorter(value)) for value in values) + "\n]"


def main() -> None:
    torch.set_default_dtype(torch.float64)
    inputs = batches()
    named = [f"{json.dumps(name)}: {json.dumps(batch)}" for name, batch in inputs.items()]
    parts = {
        "about": json.dumps(ABOUT, indent=1),
        "version": json.dumps(f"trl {trl.__version__}, torch {torch.__version__}"),
        "batches": "{\n" + ",\n".join(named) + "\n}",
        "losses": lines(losses(inputs)),
        "advantages": lines(advantages()),
        "kl": lines(kl_of_ratios()),
        "overlong": lines(overlong()),
        "gae": lines(gae()),
        "whitening": lines(whitening()),
    }
    print("{\n" + ",\n".join(f"{json.dumps(key)}: {text}" for key, text in parts.items()) + "\n}")


if __name__ == "__main__":
    main()
