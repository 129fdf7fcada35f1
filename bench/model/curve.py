"""A whole training by PyTorch, from the parameters, batches and schedule of another program's.

    python bench/model/curve.py FOLDER

FOLDER holds a Hugging Face checkpoint (the parameters before the first step), `train.safetensors` and
`held-out.safetensors` (`ids`, `targets`, `documents`, `positions`, u32, and `weights`, f32: each [batches, rows, places])
and `settings.json`: `kind`, `beta1`, `beta2`, `epsilon`, `weight_decay` and `groups` as `parity.py` has them, `clip_norm`,
and `rates`, the learning rate of every step. A step takes the next batch of `train`.

Prints one JSON line: the mean loss of the last 50 steps and the loss on what is held out, in nats a token, and CPU seconds.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedModel

from checkpoint import opened
from parity import mask_of, optimizers

LAST = 50


def loss_of(model: PreTrainedModel, batches: dict[str, Tensor], at: int) -> tuple[Tensor, Tensor]:
    """Sum of weighted losses, and of weights."""
    ids, targets, positions = (batches[key][at].long() for key in ("ids", "targets", "positions"))
    weights = batches["weights"][at]
    logits = model(
        input_ids=ids,
        attention_mask=mask_of(batches["documents"][at].long(), torch.float32),
        position_ids=positions,
        use_cache=False,
    ).logits
    likelihood = logits.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
    return -(weights * likelihood).sum(), weights.sum()


def main() -> None:
    folder = Path(sys.argv[1])
    settings = json.loads((folder / "settings.json").read_text())
    train, held_out = load_file(folder / "train.safetensors"), load_file(folder / "held-out.safetensors")
    model = opened(str(folder))
    moving = optimizers(model, settings | {"lr": 1.0})
    usual = [[group["lr"] for group in optimizer.param_groups] for optimizer in moving]
    losses = []
    begun = time.process_time()
    for step, rate in enumerate(settings["rates"]):
        total, weight = loss_of(model, train, step)
        loss = total / weight
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clip_norm"])
        for optimizer, rates in zip(moving, usual):
            for group, of_schedule in zip(optimizer.param_groups, rates):
                group["lr"] = rate * of_schedule
            optimizer.step()
        model.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if step % 100 == 0:
            print(f"step {step}: {losses[-1]:.4f}", file=sys.stderr, flush=True)
    seconds = time.process_time() - begun
    with torch.inference_mode():
        parts = [loss_of(model, held_out, at) for at in range(len(held_out["ids"]))]
    total, weight = (sum(part[of].double().item() for part in parts) for of in (0, 1))
    last = losses[-LAST:]
    print(json.dumps({"loss": sum(last) / len(last), "held_out_loss": total / weight, "seconds": seconds}))


if __name__ == "__main__":
    main()
