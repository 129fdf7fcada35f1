"""The loss of TRL's trainers on numbers that are given: their own method, called on a stub of a trainer."""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from trl import GRPOTrainer, RLOOTrainer


def trl_loss(
    new: Tensor,
    old: Tensor,
    reference: Tensor,
    mask: Tensor,
    advantages: Tensor,
    loss_type: str = "grpo",
    level: str = "token",
    clip: tuple[float, float] = (0.2, 0.2),
    beta: float = 0.0,
    tokens: float = 0.0,
    longest: int = 0,
) -> Tensor:
    """Log-probabilities and mask are [sequences, tokens]; `tokens` and `longest` are what DAPO and Dr. GRPO divide by."""
    ids = mask.long()
    accelerator = SimpleNamespace(
        gather=lambda x: x, reduce=lambda x, reduction: x, num_processes=1, gather_for_metrics=lambda x: x
    )
    stub = SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *_, **__: (new, torch.zeros_like(mask), None),
        accelerator=accelerator,
        args=SimpleNamespace(delta=None, use_bias_correction_kl=False, steps_per_generation=1),
        aux_loss_enabled=False,
        beta=beta,
        current_gradient_accumulation_steps=1,
        epsilon_low=clip[0],
        epsilon_high=clip[1],
        importance_sampling_level=level,
        loss_type=loss_type,
        max_completion_length=longest,
        model=SimpleNamespace(training=True),
        off_policy_mask_threshold=None,
        top_entropy_quantile=1.0,
        use_vllm=False,
        _entropy_bonus_enabled=False,
        _metrics=defaultdict(lambda: defaultdict(list)),
    )
    inputs = {
        "prompt_ids": ids[:, :1],
        "prompt_mask": ids[:, :1],
        "completion_ids": ids,
        "completion_mask": mask,
        "advantages": advantages,
        "num_items_in_batch": torch.tensor(float(tokens)),
    }
    if loss_type == "rloo":
        return RLOOTrainer._compute_loss(stub, None, inputs | {"old_logps": (old * mask).sum(1)})
    inputs |= {"old_per_token_logps": old, "ref_per_token_logps": reference}
    return GRPOTrainer._compute_loss(stub, None, inputs)
