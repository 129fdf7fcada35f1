"""Opening of checkpoints by transformers, for `parity.py` and `opens.py`."""

import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging

logging.disable_progress_bar()


def opened(folder: str) -> PreTrainedModel:
    """The model of a folder in f32, without dropout; ends the program where a tensor is missing or one too many."""
    model, told = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    # a head that is tied counts as no missing tensor
    faults = {what: sorted(map(str, names)) for what, names in told.items() if names}
    if faults:
        sys.exit(f"{folder}: {faults}")
    return model.eval()
