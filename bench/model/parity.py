"""PyTorch's logits, loss, gradients and optimizer steps for a checkpoint, for comparison with others' of the same.

    python bench/model/parity.py FOLDER
    python bench/model/parity.py FOLDER --double

FOLDER holds a Hugging Face checkpoint of `LlamaForCausalLM`, `GPT2LMHeadModel` or `NanoChatForCausalLM` (`config.json` and
`model.safetensors`) and

- `batch.json`: `ids`, `targets`, `weights`, `documents` and `positions`, each [rows][places]. Attention is causal and
  stays inside of a document, that is among places of a row with the same number. The loss is
  sum(weight * negative log likelihood) / sum(weight); a target of weight 0 may be any number.
- `optimizer.json` (where steps are wanted): `kind` ("adamw" or "muon"), `lr`, `beta1`, `beta2`, `epsilon`,
  `weight_decay`, `steps`, and `groups` (`names`, a part of parameters' names, `rate`, `weight_decay` or null; the first
  that fits counts); and for every step a `gradients-I.safetensors` with gradients by the parameters' names.

Written are `torch.safetensors` (`logits`, `loss` and `gradient.NAME` of every parameter) and `stepped.safetensors` (every
parameter after the steps, by its name). The model is that of transformers, with eager attention and a mask of its own.
All is f32, with `--double` f64, rotary angles, norms and softmax too, which transformers else computes in f32.

AdamW is `torch.optim.AdamW`, with weight decay on matrices only. Muon moves the matrices inside of layers, AdamW the rest:
momentum 0.95 as a running mean with Nesterov's look ahead, made orthogonal by Polar Express without a step to bf16, scaled
by 0.2 * sqrt(max(rows, columns)), with weight decay apart. It is written here anew from
https://kellerjordan.github.io/posts/muon, https://arxiv.org/abs/2505.16932 and https://arxiv.org/abs/2502.16982.

Prints one JSON line with the class of the model, its loss and the number of steps.
"""

import json
import re
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel

from checkpoint import opened

MOMENTUM = 0.95
POLAR = [
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
    (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
]
IN_A_LAYER = re.compile(r"(^|\.)(layers|h)\.\d+\.")


class InDouble(TorchFunctionMode):
    """Gives f64 to code that asks for f32 by name."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        def wider(value: Any) -> Any:
            return torch.float64 if value is torch.float32 else value

        if function is Tensor.float:
            function = Tensor.double
        return function(*map(wider, args), **{key: wider(value) for key, value in (kwargs or {}).items()})


def to_double(model: PreTrainedModel) -> None:
    """Makes the model f64; to be called where `InDouble` holds."""
    model.double()
    for module in model.modules():
        if hasattr(module, "inv_freq"):
            # not the f32 numbers, widened
            if module.rope_type != "default":
                sys.exit(f"rotary positions of type {module.rope_type} are not known here")
            module.inv_freq, _ = module.compute_default_rope_parameters(model.config)


def mask_of(documents: Tensor, dtype: torch.dtype) -> Tensor:
    """What attention adds to its scores: 0 for earlier places of the same document, minus infinity for others."""
    same = documents[:, :, None] == documents[:, None, :]
    seen = same & torch.ones_like(same[0]).tril()
    return torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, -torch.inf)[:, None]


def forward_and_backward(model: PreTrainedModel, batch: dict[str, Any], dtype: torch.dtype) -> dict[str, Tensor]:
    ids, targets, documents, positions = (
        torch.tensor(batch[key]) for key in ("ids", "targets", "documents", "positions")
    )
    weights = torch.tensor(batch["weights"], dtype=dtype)
    logits = model(
        input_ids=ids, attention_mask=mask_of(documents, dtype), position_ids=positions, use_cache=False
    ).logits
    targets = targets.where(weights != 0, torch.zeros_like(targets))
    likelihood = logits.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
    loss = -(weights * likelihood).sum() / weights.sum()
    loss.backward()
    gradients = {f"gradient.{name}": parameter.grad for name, parameter in model.named_parameters()}
    unused = [name for name, gradient in gradients.items() if gradient is None]
    if unused:
        sys.exit(f"without a gradient: {unused}")
    return {"logits": logits.detach().contiguous(), "loss": loss.detach().reshape(1)} | gradients


def orthogonal(matrix: Tensor) -> Tensor:
    rows, columns = matrix.shape
    x = matrix.T if rows > columns else matrix
    x = x / (x.norm() * 1.02 + 1e-6)
    for a, b, c in POLAR:
        square = x @ x.T
        x = a * x + (b * square + c * (square @ square)) @ x
    return x.T if rows > columns else x


class Muon:
    def __init__(self, groups: list[dict[str, Any]]) -> None:
        self.param_groups = groups
        self.momentum = [[torch.zeros_like(parameter) for parameter in group["params"]] for group in groups]

    @torch.no_grad()
    def step(self) -> None:
        for group, momenta in zip(self.param_groups, self.momentum):
            for parameter, momentum in zip(group["params"], momenta):
                if parameter.grad is None:
                    continue
                momentum.lerp_(parameter.grad, 1 - MOMENTUM)
                ahead = parameter.grad.lerp(momentum, MOMENTUM)
                size = 0.2 * max(parameter.shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(orthogonal(ahead), alpha=group["lr"] * size)


def optimizers(model: PreTrainedModel, settings: dict[str, Any]) -> list[Any]:
    hidden, others = [], []
    for name, parameter in model.named_parameters():
        group = next((group for group in settings.get("groups", []) if group["names"] in name), {})
        decay = group.get("weight_decay")
        if decay is None:
            decay = settings["weight_decay"] if parameter.dim() >= 2 else 0.0
        moved = {"params": [parameter], "lr": settings["lr"] * group.get("rate", 1.0), "weight_decay": decay}
        by_muon = settings["kind"] == "muon" and parameter.dim() == 2 and IN_A_LAYER.search(name)
        (hidden if by_muon else others).append(moved)
    betas = (settings["beta1"], settings["beta2"])
    return [torch.optim.AdamW(others, betas=betas, eps=settings["epsilon"]), Muon(hidden)]


def take_steps(model: PreTrainedModel, folder: Path, settings: dict[str, Any]) -> None:
    if settings["kind"] not in ("adamw", "muon"):
        sys.exit(f"no optimizer {settings['kind']}")
    moving = optimizers(model, settings)
    for step in range(settings["steps"]):
        gradients = load_file(folder / f"gradients-{step}.safetensors")
        for name, parameter in model.named_parameters():
            gradient = gradients.pop(name, None)
            parameter.grad = None if gradient is None else gradient.to(parameter.dtype)
        if gradients:
            sys.exit(f"gradients of no parameter: {sorted(gradients)}")
        for optimizer in moving:
            optimizer.step()


def main() -> None:
    folder = Path(next(word for word in sys.argv[1:] if word != "--double"))
    double = "--double" in sys.argv
    model = opened(str(folder))
    with InDouble() if double else nullcontext():
        if double:
            to_double(model)
        dtype = torch.float64 if double else torch.float32
        batch = json.loads((folder / "batch.json").read_text())
        found = forward_and_backward(model, batch, dtype)
    save_file(found, folder / "torch.safetensors")
    said = {"model": type(model).__name__, "dtype": str(dtype), "loss": found["loss"].item()}

    if (folder / "optimizer.json").exists():
        settings = json.loads((folder / "optimizer.json").read_text())
        take_steps(model, folder, settings)
        stepped = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
        save_file(stepped, folder / "stepped.safetensors")
        said |= {"optimizer": settings["kind"], "steps": settings["steps"]}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
