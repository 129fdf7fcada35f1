"""Losses, gradients and estimates of learning from preferences by TRL, PyTorch and numpy in f64, as data for a test.

    python bench/rlhf/losses.py > crates/rlhf-reward/tests/numbers.json

Each formula is written here from its paper, and gradients are PyTorch's. Where TRL has the same loss, its trainer's own code
is run on the same numbers, must give the same to 1e-12, and `source` says so. The fields are explained in the file itself.
Estimates of advantages and whitening by themselves are in `bench/grpo/losses.py`; here they are links of PPO's chain.
"""

import itertools
import json
import math
import sys
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import numpy
import torch
import trl
from torch import Tensor
from trl import DPOTrainer, RewardTrainer

ABOUT = {
    "rankings": "Mean over pairs of which one is better of -log sigmoid(better - worse - margin difference) + centring * "
    "(better + worse)^2; rank 1 is the best. `gradient` is by the scores.",
    "direct": "Mean over pairs of a loss of h = (log pi - log pi_ref)(better) - the same of the worse; `gradient` is by h. "
    "TRL's IPO takes the mean over tokens for h, and then does the same.",
    "values": "0.5 * max((V - R)^2, (clip(V, old +- range) - R)^2), and its derivative by V.",
    "ppo": "A round: what tokens are paid, advantages and returns, advantages whitened over all tokens, then the clipped loss "
    "of the policy, mean over tokens, and that of the critic times `value_weight`. Gradients are by `new` and `guess`. "
    "`old` and `reference` are f32.",
    "targets": "Weights of the distance, one after a round.",
    "best_of_n": "Mean over all choices of n of gold at the largest proxy; `kl` is log n - (n - 1) / n.",
    "calibration": "Per bin: pairs, mean of sigmoid |difference|, share that is right; equal scores are half right.",
    "correlation": "Pearson's.",
}


def generator(seed: int) -> Any:
    random = numpy.random.default_rng(seed)
    # six places: what is written is what was computed with
    return lambda *shape, by=1.0: numpy.round(random.normal(size=shape) * by, 6)


def agree(ours: Tensor, theirs: Tensor, what: str) -> None:
    if not torch.allclose(ours, theirs, rtol=1e-12, atol=1e-12):
        sys.exit(f"{what}: {ours} here, {theirs} by TRL")


def gradient(loss: Any, values: numpy.ndarray) -> tuple[Tensor, Tensor]:
    leaf = torch.tensor(values, requires_grad=True)
    value = loss(leaf)
    value.backward()
    return value.detach(), leaf.grad


def stub(**more: Any) -> SimpleNamespace:
    """As much of a trainer as its method for the loss asks for."""
    accelerator = SimpleNamespace(gather=lambda x: x, gather_for_metrics=lambda x: x, device="cpu")
    metrics = {mode: defaultdict(list) for mode in ("train", "eval")}
    return SimpleNamespace(accelerator=accelerator, _metrics=metrics, _total_train_tokens=0, _tp_size=1, **more)


def reward_by_trl(scores: Tensor, margin: Tensor | None, centring: float) -> Tensor:
    """Of a pair, the better one first."""
    trainer = stub(args=SimpleNamespace(center_rewards_coefficient=centring or None), model=SimpleNamespace(training=True))
    inputs = {"attention_mask": torch.ones(2, 1)} | ({} if margin is None else {"margin": margin})
    model = lambda **_: SimpleNamespace(logits=scores.view(2, 1))  # noqa: E731
    return RewardTrainer.compute_loss(trainer, model, inputs)


def rankings() -> list[dict[str, Any]]:
    normal, found = generator(1), []
    for count, tied, told, centring in itertools.product(range(2, 10), [False, True], [False, True], [0.0, 0.01]):
        if tied and count == 2:
            continue
        scores, margins = normal(count, by=2.0), numpy.abs(normal(count)) if told else None
        order = numpy.argsort(normal(count))
        ranks = ((order // 2 if tied else order) + 1).tolist()
        better = [(i, j) for i in range(count) for j in range(count) if ranks[i] < ranks[j]]

        def loss(scores: Tensor) -> Tensor:
            pairs = []
            for i, j in better:
                margin = margins[i] - margins[j] if told else 0.0
                pair = -torch.nn.functional.logsigmoid(scores[i] - scores[j] - margin)
                pairs.append(pair + centring * (scores[i] + scores[j]) ** 2)
            return torch.stack(pairs).mean()

        def theirs(scores: Tensor) -> Tensor:
            i, j = better[0]
            margin = torch.tensor([margins[i] - margins[j]]) if told else None
            return reward_by_trl(torch.stack([scores[i], scores[j]]), margin, centring)

        value, slopes = gradient(loss, scores)
        if count == 2:
            for ours, other in zip((value, slopes), gradient(theirs, scores)):
                agree(ours, other, f"ranking {scores}")
        case = {"source": "trl" if count == 2 else "torch", "scores": scores.tolist(), "ranks": ranks}
        case |= {"margins": margins.tolist() if told else None, "centring": centring, "pairs": len(better)}
        found.append(case | {"value": value.item(), "gradient": slopes.tolist()})
    return found


def direct_by_trl(loss: str, beta: float, tokens: Tensor, reference: Tensor) -> Tensor:
    """Log-probabilities of tokens are [better ones, then worse ones; tokens]."""
    rows, count = tokens.shape
    trainer = stub(
        model=SimpleNamespace(training=True),
        aux_loss_enabled=False,
        ld_alpha=None,
        precompute_ref_logps=True,
        f_divergence_type="reverse_kl",
        loss_types=[loss],
        loss_weights=[1.0],
        # TRL smooths labels in this one: of one pair it is conservative DPO
        label_smoothing=0.1,
        beta=beta,
        use_weighting=False,
    )
    # a prompt of one token before the answer
    mask = torch.cat([torch.zeros(rows, 1), torch.ones(rows, count)], 1).long()
    chosen, rejected = reference.sum(1).chunk(2)
    inputs = {"input_ids": mask, "attention_mask": torch.ones_like(mask), "completion_mask": mask}
    inputs |= {"ref_chosen_logps": chosen, "ref_rejected_logps": rejected}
    zeros = torch.zeros(rows, count)
    outputs = SimpleNamespace(log_probs=tokens, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool())
    return DPOTrainer._compute_loss(trainer, lambda **_: outputs, inputs, False)


def direct_of(loss: str, wrong: float, beta: float, h: Tensor) -> Tensor:
    log_sigmoid = torch.nn.functional.logsigmoid
    match loss:
        case "sigmoid":
            return (-(1 - wrong) * log_sigmoid(beta * h) - wrong * log_sigmoid(-beta * h)).mean()
        case "ipo":
            return ((h - 1 / (2 * beta)) ** 2).mean()
        case "hinge":
            return (1 - beta * h).clamp(min=0).mean()
    raise ValueError(loss)


def direct() -> list[dict[str, Any]]:
    normal, found, tokens = generator(2), [], 3
    for (loss, wrong, name), beta in itertools.product(
        [("sigmoid", 0.0, "sigmoid"), ("sigmoid", 0.1, "aot"), ("ipo", 0.0, "ipo"), ("hinge", 0.0, "hinge")],
        [0.1, 0.5, 2.0],
    ):
        for pairs in [1] if name == "aot" else [1, 6]:
            policy, reference = (-numpy.abs(normal(2 * pairs, tokens, by=3.0)) for _ in range(2))
            gain = (policy - reference).sum(1)
            over = tokens if loss == "ipo" else 1
            h = (gain[:pairs] - gain[pairs:]) / over

            def theirs(h_of: Tensor) -> Tensor:
                # the better answer's first token moves with h
                move = (h_of - torch.tensor(h)) * over
                moved = torch.tensor(policy)
                moved = torch.cat([(moved[:pairs, 0] + move)[:, None], moved[:pairs, 1:]], 1)
                every = torch.cat([moved, torch.tensor(policy)[pairs:]])
                return direct_by_trl(name, beta, every, torch.tensor(reference))

            value, slopes = gradient(lambda h: direct_of(loss, wrong, beta, h), h)
            for ours, other in zip((value, slopes), gradient(theirs, h)):
                agree(ours, other, f"{loss} {beta}")
            case = {"source": f"trl {name}", "loss": loss, "wrong": wrong, "beta": beta, "h": h.tolist()}
            found.append(case | {"value": value.item(), "gradient": slopes.tolist()})
    return found


def value_of(guess: Tensor, old: Tensor, target: Tensor, reach: float) -> Tensor:
    clipped = torch.clamp(guess, old - reach, old + reach)
    return 0.5 * torch.max((guess - target) ** 2, (clipped - target) ** 2)


def values() -> list[dict[str, Any]]:
    normal, found = generator(3), []
    for reach in [0.1, 0.2, 1.0]:
        old, target = normal(16), normal(16)
        guess = old + normal(16, by=0.5)
        leaf = torch.tensor(guess, requires_grad=True)
        losses = value_of(leaf, torch.tensor(old), torch.tensor(target), reach)
        losses.sum().backward()
        case = {"range": reach, "guess": guess.tolist(), "old": old.tolist(), "target": target.tolist()}
        found.append(case | {"value": losses.tolist(), "gradient": leaf.grad.tolist()})
    return found


def ppo() -> list[dict[str, Any]]:
    """Ouyang et al. 2022, section 3.5; Ziegler et al. 2019, equation 2; Schulman et al. 2015, equation 16, as sums."""
    normal, found = generator(4), []
    settings = [
        {"kl_weight": 0.05, "unended": 0.0, "gamma": 1.0, "lambda": 0.95},
        {"kl_weight": 0.2, "unended": -1.0, "gamma": 0.99, "lambda": 0.8},
        {"kl_weight": 0.0, "unended": -0.5, "gamma": 1.0, "lambda": 1.0},
    ]
    for pay, (reach, weight, clip) in itertools.product(settings, [(0.2, 0.5, 0.2), (0.05, 0.1, 0.1)]):
        answers = []
        for at, length in enumerate([4, 1, 7, 3, 5]):
            single = lambda x: x.astype(numpy.float32).astype(numpy.float64)  # noqa: E731
            old = single(-numpy.abs(normal(length)) - 0.1)
            answers.append(
                {
                    "old": old,
                    "reference": single(old + normal(length, by=0.4)),
                    "new": old + normal(length, by=0.2),
                    "critic": normal(length),
                    "score": float(normal(1, by=2.0)[0]),
                    "ended": at % 3 != 1,
                }
            )
            answers[-1]["guess"] = answers[-1]["critic"] + normal(length, by=0.2)
        for answer in answers:
            rewards = -pay["kl_weight"] * (answer["old"] - answer["reference"])
            rewards[-1] += answer["score"] + (0.0 if answer["ended"] else pay["unended"])
            following = numpy.append(answer["critic"][1:], 0.0)
            delta = rewards + pay["gamma"] * following - answer["critic"]
            decay = (pay["gamma"] * pay["lambda"]) ** numpy.arange(len(delta))
            advantages = numpy.array([(decay[: len(delta) - at] * delta[at:]).sum() for at in range(len(delta))])
            answer |= {"rewards": rewards, "advantages": advantages, "returns": advantages + answer["critic"]}
        every = lambda name: numpy.concatenate([answer[name] for answer in answers])  # noqa: E731
        advantages = every("advantages")
        white = (advantages - advantages.mean()) / numpy.sqrt(advantages.var(ddof=1) + 1e-8)
        new = torch.tensor(every("new"), requires_grad=True)
        guess = torch.tensor(every("guess"), requires_grad=True)
        ratio, gain = (new - torch.tensor(every("old"))).exp(), torch.tensor(white)
        policy = -torch.min(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain).mean()
        critic = value_of(guess, torch.tensor(every("critic")), torch.tensor(every("returns")), reach).mean()
        (policy + weight * critic).backward()
        listed = [{name: part.tolist() if hasattr(part, "tolist") else part for name, part in answer.items()} for answer in answers]
        case = {"pay": pay, "value_range": reach, "value_weight": weight, "clip": clip, "answers": listed}
        case |= {"white": white.tolist(), "policy": policy.item(), "critic": critic.item()}
        found.append(case | {"gradient_new": new.grad.tolist(), "gradient_guess": guess.grad.tolist()})
    return found


def targets() -> list[dict[str, Any]]:
    """Ziegler et al. 2019, section 2.2."""
    normal, found = generator(5), []
    for target, horizon in [(6.0, 10_000.0), (0.5, 300.0)]:
        weight, rounds = 0.2, []
        for answers in [64, 128, 256, 7]:
            kl = float(numpy.abs(normal(1, by=2 * target))[0])
            weight *= 1 + float(numpy.clip(kl / target - 1, -0.2, 0.2)) * answers / horizon
            rounds.append({"kl": kl, "answers": answers, "weight": weight})
        found.append({"target": target, "horizon": horizon, "start": 0.2, "rounds": rounds})
    return found


def best_of_n() -> list[dict[str, Any]]:
    normal, found = generator(6), []
    for count in [1, 2, 5, 9]:
        proxy, gold = normal(count), normal(count)
        for n in range(1, count + 1):
            best = [gold[max(chosen, key=lambda at: proxy[at])] for chosen in itertools.combinations(range(count), n)]
            case = {"proxy": proxy.tolist(), "gold": gold.tolist(), "n": n}
            found.append(case | {"value": float(numpy.mean(best)), "kl": math.log(n) - (n - 1) / n})
    return found


def calibration() -> list[dict[str, Any]]:
    normal, found = generator(7), []
    for bins in [1, 5, 10]:
        differences = numpy.append(normal(200, by=1.5) + 0.4, 0.0)
        sure = 1 / (1 + numpy.exp(-numpy.abs(differences)))
        right = 0.5 * (1 + numpy.sign(differences))
        at = numpy.digitize(sure, numpy.linspace(0.5, 1.0, bins + 1)[1:-1])
        share = lambda values, chosen: float(values[chosen].mean()) if chosen.any() else 0.0  # noqa: E731
        told = [{"pairs": int((at == one).sum()), "sure": share(sure, at == one), "right": share(right, at == one)} for one in range(bins)]
        found.append({"differences": differences.tolist(), "bins": told})
    return found


def correlation() -> list[dict[str, Any]]:
    normal, found = generator(8), []
    for slope in [0.0, 0.7, -3.0]:
        a, noise = normal(40), normal(40)
        b = numpy.round(slope * a + noise, 6)
        found.append({"a": a.tolist(), "b": b.tolist(), "value": float(numpy.corrcoef(a, b)[0, 1])})
    return found


def shorter(value: Any) -> Any:
    """Fifteen digits of every number."""
    if isinstance(value, dict):
        return {key: shorter(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shorter(part) for part in value]
    return float(f"{value:.15g}") if isinstance(value, float) else value


def main() -> None:
    torch.set_default_dtype(torch.float64)
    parts = {"about": json.dumps(ABOUT, indent=1)}
    parts["version"] = json.dumps(f"trl {trl.__version__}, torch {torch.__version__}, numpy {numpy.__version__}")
    for make in [rankings, direct, values, ppo, targets, best_of_n, calibration, correlation]:
        parts[make.__name__] = "[\n" + ",\n".join(json.dumps(shorter(case)) for case in make()) + "\n]"
    print("{\n" + ",\n".join(f"{json.dumps(key)}: {text}" for key, text in parts.items()) + "\n}")


if __name__ == "__main__":
    main()
