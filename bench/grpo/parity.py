"""TRL's loss of given answers and its gradient by PyTorch, for comparison with ours of the same.

    python bench/grpo/parity.py FOLDER

FOLDER holds a Hugging Face checkpoint and `answers.json`: `answers`, each with `prompt` and `ids`, `old` and `reference`
log-probabilities of its ids and an `advantage`; and what `GRPOTrainer` knows as `loss_type`,
`importance_sampling_level`, `clip` (low, high) and `beta`. Answers stand behind their prompts in padded rows. The loss is
TRL's own method. Written is `torch.safetensors`: `loss`, and `gradient.NAME` of every parameter. All is f32.
"""

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "model"))

import torch
from safetensors.torch import save_file
from torch.nn.utils.rnn import pad_sequence

from checkpoint import opened
from stub import trl_loss


def main() -> None:
    folder = Path(sys.argv[1])
    told = json.loads((folder / "answers.json").read_text())
    answers = told["answers"]
    model = opened(str(folder))
    rows = pad_sequence([torch.tensor(answer["prompt"] + answer["ids"]) for answer in answers], batch_first=True)
    log_probs = model(input_ids=rows, use_cache=False).logits.log_softmax(dim=-1)
    new = []
    for row, answer in enumerate(answers):
        first, last = len(answer["prompt"]), len(answer["prompt"]) + len(answer["ids"])
        new.append(log_probs[row, first - 1 : last - 1].gather(-1, rows[row, first:last, None])[:, 0])
    lists = {key: [torch.tensor(answer[key]) for answer in answers] for key in ("old", "reference")}
    mask = [torch.ones(len(answer["ids"])) for answer in answers]
    new, old, reference, mask = (
        pad_sequence(values, batch_first=True) for values in (new, lists["old"], lists["reference"], mask)
    )
    loss = trl_loss(
        new,
        old,
        reference,
        mask,
        torch.tensor([answer["advantage"] for answer in answers]),
        loss_type=told["loss_type"],
        level=told["importance_sampling_level"],
        clip=tuple(told["clip"]),
        beta=told["beta"],
        tokens=mask.sum().item(),
    )
    loss.backward()
    gradients = {f"gradient.{name}": parameter.grad for name, parameter in model.named_parameters()}
    save_file({"loss": loss.detach().reshape(1)} | gradients, folder / "torch.safetensors")
    print(json.dumps({"model": type(model).__name__, "loss": loss.item()}))


if __name__ == "__main__":
    main()
