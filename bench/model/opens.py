"""Whether transformers opens a checkpoint, and whether it then computes the same logits.

    python bench/model/opens.py FOLDER

FOLDER holds any checkpoint that `AutoModelForCausalLM` knows, and `logits.safetensors` with `ids` (u32, [rows, places],
read from position 0 on) and `logits` (f32, [rows, places, vocabulary]). A tensor of the model that the checkpoint lacks, or
one too many in it, is an error.

Prints one JSON line: the class of the model, its number of parameters, the largest absolute difference of the logits, the
largest absolute logit, in how many of all places the likeliest token is the same, and the first logits after each row.
"""

import json
import sys

import torch
from safetensors.torch import load_file

from checkpoint import opened

FIRST = 8


@torch.inference_mode()
def main() -> None:
    folder = sys.argv[1]
    model = opened(folder)
    told = load_file(f"{folder}/logits.safetensors")
    theirs = model(input_ids=told["ids"].to(torch.int64), use_cache=False).logits
    ours = told["logits"].float()
    if theirs.shape != ours.shape:
        sys.exit(f"logits are {list(theirs.shape)}, those in the folder {list(ours.shape)}")
    same = theirs.argmax(dim=-1) == ours.argmax(dim=-1)
    print(
        json.dumps(
            {
                "model": type(model).__name__,
                "parameters": sum(parameter.numel() for parameter in model.parameters()),
                "difference": (theirs - ours).abs().max().item(),
                "largest": theirs.abs().max().item(),
                "same_choice": same.sum().item(),
                "places": same.numel(),
                "logits": theirs[:, -1, :FIRST].tolist(),
            }
        )
    )


if __name__ == "__main__":
    main()
