"""Steps of TRL's SFTTrainer on one thread: CPU seconds and tokens, and whether its loss mask is ours.

    python bench/sft/trl_steps.py FOLDER padded|packed STEPS

FOLDER holds a Hugging Face checkpoint with its tokenizer and `chat_template`, and `talks.jsonl`, a conversation of one
question and one answer a line: `prompt` and `completion` as lists of messages, and `ids` and `learn`, our tokens and our
mask. TRL makes tokens and mask of its own from the messages. All is f32, AdamW is PyTorch's fused one, the batch is 16
conversations padded to the longest, or packed rows of 512 tokens by TRL's best fit, two a batch.

Prints one JSON line: `seconds` of CPU time (user and system, all threads) and `tokens` (without padding) of all steps but
the first three, `loss` of the last, `talks` compared and how many have `equal` tokens and masks, and `version`.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

WARM_UP = 3
# the label of what is not learned
IGNORED = -100


class Timed(SFTTrainer):
    """Notes when a step begins and ends, and what it reads."""

    seconds: list[float]
    tokens: list[int]

    def training_step(self, model: Any, inputs: dict[str, Any], *rest: Any) -> Any:
        mask = inputs.get("attention_mask")
        count = int(mask.sum()) if mask is not None else inputs["input_ids"].numel()
        self.tokens.append(count)
        return super().training_step(model, inputs, *rest)


class Clock(transformers.TrainerCallback):
    def __init__(self, trainer: Timed) -> None:
        self.trainer = trainer

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.start = time.process_time()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.trainer.seconds.append(time.process_time() - self.start)


def main() -> None:
    folder, packing, steps = Path(sys.argv[1]), sys.argv[2] == "packed", int(sys.argv[3])
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.bos_token
    talks = [json.loads(line) for line in (folder / "talks.jsonl").read_text().splitlines()]
    config = SFTConfig(
        output_dir=str(folder / "trl"),
        per_device_train_batch_size=2 if packing else 16,
        max_steps=steps + WARM_UP,
        max_length=512,
        packing=packing,
        learning_rate=1e-4,
        lr_scheduler_type="constant",
        optim="adamw_torch_fused",
        max_grad_norm=1.0,
        bf16=False,
        use_cpu=True,
        gradient_checkpointing=False,
        completion_only_loss=True,
        eos_token="<|assistant_end|>",
        save_strategy="no",
        report_to="none",
        logging_steps=1,
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    columns = {"prompt": [talk["prompt"] for talk in talks], "completion": [talk["completion"] for talk in talks]}
    trainer = Timed(model=model, args=config, train_dataset=Dataset.from_dict(columns), processing_class=tokenizer)
    trainer.seconds, trainer.tokens = [], []
    trainer.add_callback(Clock(trainer))
    equal = 0
    if not packing:
        for ours, theirs in zip(talks, trainer.train_dataset):
            mask = [label != IGNORED for label in theirs["labels"]]
            equal += theirs["input_ids"] == ours["ids"] and mask == ours["learn"]
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    print(
        json.dumps(
            {
                "seconds": sum(trainer.seconds[WARM_UP:]),
                "tokens": sum(trainer.tokens[WARM_UP:]),
                "loss": losses[-1],
                "talks": len(talks),
                "equal": equal,
                "version": f"trl {trl.__version__}, transformers {transformers.__version__}, torch {torch.__version__}",
            }
        )
    )


if __name__ == "__main__":
    main()
