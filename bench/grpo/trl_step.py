"""Steps of TRL's GRPOTrainer on one thread: CPU seconds and memory.

    python bench/grpo/trl_step.py '{"prompts": 8, "micro": 16}'
    python bench/grpo/trl_step.py '{}' --serve

Settings that are not given are those of `SETTINGS` below. The model is a Llama with random weights and everything is f32.
A step is the trainer's own: `group` answers to each of `prompts` prompts by transformers' generation with its cache,
`together` answers a call; rewards by a cheap function of the answers' ids; TRL's default loss (DAPO's, one inner step,
no KL) in micro-batches of `micro` answers; backward pass, clipping of the gradients' norm to 1, fused AdamW. The id that
ends an answer is none that the model knows, so all answers have `answer` tokens and nothing is spent on forbidding it.

Prints one JSON line per step after one that warms up: CPU `seconds` of the step (user and system, all threads), of which
`rollout_seconds` for tokens of prompts to tokens of answers, `reward` and its standard deviation `reward_std`, and
`memory_bytes`: the peak of resident memory since just before the very first step, less what was resident then.

With `--serve` there is no step to warm up, and a step is taken for every line on standard input.
"""

import json
import os
import sys
import tempfile
import time
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import torch
import transformers
import trl
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

SETTINGS: dict[str, Any] = {
    "layers": 6,
    "width": 384,
    "heads": 6,
    "hidden": 1024,
    "vocabulary": 8192,
    "prompts": 64,
    "group": 8,
    "prompt": 64,
    "answer": 128,
    "micro": 8,
    "together": 64,
    "checkpointing": False,
    "cache": None,
    "steps": 1,
}


class Timed(GRPOTrainer):
    """Notes what generation costs."""

    rollout_seconds = 0.0

    def _generate_single_turn(self, *arguments: Any) -> Any:
        start = time.process_time()
        found = super()._generate_single_turn(*arguments)
        self.rollout_seconds += time.process_time() - start
        return found


class Turns(transformers.TrainerCallback):
    """Takes a step when it is told to, and says what it cost."""

    def __init__(self, trainer: Timed, serve: bool) -> None:
        self.trainer, self.serve, self.steps = trainer, serve, 0
        self.before = resident("VmRSS")
        forget_the_peak()

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        if self.serve and not sys.stdin.readline():
            sys.exit()
        self.trainer.rollout_seconds = 0.0
        self.start = time.process_time()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        seconds = time.process_time() - self.start
        self.steps += 1
        metrics = self.trainer._metrics["train"]
        told = {
            "seconds": seconds,
            "rollout_seconds": self.trainer.rollout_seconds,
            "reward": metrics["reward"][-1],
            "reward_std": metrics["reward_std"][-1],
            "longest": metrics["completions/max_length"][-1],
            "shortest": metrics["completions/min_length"][-1],
            "memory_bytes": resident("VmHWM") - self.before,
            "version": f"trl {trl.__version__}, transformers {transformers.__version__}, torch {torch.__version__}",
        }
        if self.serve or self.steps > 1:
            print(json.dumps(told), flush=True)


def even(completion_ids: list[list[int]], **_: Any) -> list[float]:
    """The share of even ids."""
    return [sum(1 - token % 2 for token in ids) / len(ids) for ids in completion_ids]


def tokenizer(vocabulary: int) -> PreTrainedTokenizerFast:
    """Words that are numbers; what ends a text is one more than the model knows."""
    words = {f"{number}": number for number in range(vocabulary)} | {"<end>": vocabulary}
    inner = Tokenizer(models.WordLevel(words, unk_token="0"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>", pad_token="0", unk_token="0")


def llama(settings: dict[str, Any]) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=settings["vocabulary"],
        hidden_size=settings["width"],
        intermediate_size=settings["hidden"],
        num_hidden_layers=settings["layers"],
        num_attention_heads=settings["heads"],
        num_key_value_heads=settings["heads"],
        max_position_embeddings=settings["prompt"] + settings["answer"],
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=settings["vocabulary"],
        pad_token_id=0,
    )
    return LlamaForCausalLM(config).float()


def trainer(settings: dict[str, Any], folder: str) -> Timed:
    rows = settings["prompts"] * settings["group"]
    micro, together = min(settings["micro"], rows), min(settings["together"], rows)
    config = GRPOConfig(
        output_dir=folder,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=rows // micro,
        steps_per_generation=together // micro,
        num_generations=settings["group"],
        max_completion_length=settings["answer"],
        max_steps=1_000_000 if "--serve" in sys.argv else settings["steps"] + 1,
        cache_implementation=settings["cache"],
        gradient_checkpointing=settings["checkpointing"],
        learning_rate=1e-4,
        lr_scheduler_type="constant",
        optim="adamw_torch_fused",
        max_grad_norm=1.0,
        bf16=False,
        use_cpu=True,
        save_strategy="no",
        report_to="none",
        logging_strategy="no",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    draw = torch.randint(settings["vocabulary"], (4 * settings["prompts"], settings["prompt"]))
    prompts = [" ".join(map(str, ids)) for ids in draw.tolist()]
    return Timed(
        model=llama(settings),
        args=config,
        train_dataset=Dataset.from_dict({"prompt": prompts}),
        processing_class=tokenizer(settings["vocabulary"]),
        reward_funcs=even,
    )


def load_the_libraries(model: LlamaForCausalLM) -> None:
    """What PyTorch loads when it is first used is no memory of a step."""
    model.generate(input_ids=torch.zeros((2, 4), dtype=torch.long), max_new_tokens=2)
    model(input_ids=torch.zeros((2, 4), dtype=torch.long)).logits.sum().backward()
    model.zero_grad(set_to_none=True)


def resident(field: str) -> int:
    """Bytes of a field in kB of `/proc/self/status`."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))


def forget_the_peak() -> None:
    """Sets the peak of resident memory to what is resident now."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def main() -> None:
    settings = SETTINGS | json.loads(next((word for word in sys.argv[1:] if word != "--serve"), "{}"))
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.manual_seed(1)
    # nothing but rows of numbers on standard output
    transformers.utils.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        training = trainer(settings, folder)
        load_the_libraries(training.model)
        training.add_callback(Turns(training, "--serve" in sys.argv))
        training.train()


if __name__ == "__main__":
    main()
