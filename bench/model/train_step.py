"""Training steps of PyTorch on one thread: CPU seconds and memory of GPT-2's architecture.

    python bench/model/train_step.py '{"layers": 6, "width": 384, "heads": 6, "mode": "compile"}'
    python bench/model/train_step.py '{"mode": "eager"}' --serve

Settings that are not given are those of `SETTINGS` below. A step is a forward pass, cross entropy, backward pass, clipping
of the gradients' norm to 1, one step of fused AdamW and dropping the gradients; everything is f32. `compile` puts forward
pass and loss through `torch.compile`, whose compiler runs in the warm-up. The tokens are random and the same in all steps,
so the loss falls.

Prints one JSON line: CPU `seconds` (user and system, all threads of the process) and `loss` of every step after two
warm-up steps, `memory_bytes`, `parameters` and `version`. `memory_bytes` is the peak of resident memory over the steps
after the warm-up, less what was resident just before the very first step: gradients, the optimizer's moments and
activations, without the parameters. In the mode `compile` the compiler itself is loaded before that by a tiny function.

With `--serve` the warm-up is taken at once, and then every line `step` on standard input takes one step and is answered
by `{"seconds": ..., "loss": ...}`, a line `about` by the other fields. That lets another program take turns with it.
"""

import json
import os
import sys
import time
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"

import torch
from torch import Tensor, nn
from torch.nn import functional

SETTINGS: dict[str, Any] = {
    "layers": 12,
    "width": 768,
    "heads": 12,
    "vocabulary": 50257,
    "context": 256,
    "batch": 2,
    "mode": "eager",
    "steps": 5,
}
WARM_UP = 2


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, 4 * width)
        self.outer = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        heads = self.query_key_value(self.attention_norm(x)).view(batch, length, 3, self.heads, -1)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.attention_out(mixed.transpose(1, 2).reshape(batch, length, width))
        inner = functional.gelu(self.inner(self.feed_forward_norm(x)), approximate="tanh")
        return x + self.outer(inner)


class Gpt2(nn.Module):
    def __init__(self, layers: int, width: int, heads: int, vocabulary: int, context: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = functional.linear(self.norm(x), self.tokens.weight)
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


class Training:
    def __init__(self, settings: dict[str, Any]) -> None:
        torch.manual_seed(1)
        layers, width, heads, vocabulary, context = (
            settings[key] for key in ("layers", "width", "heads", "vocabulary", "context")
        )
        self.model = Gpt2(layers, width, heads, vocabulary, context)
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True
        )
        rows = torch.randint(vocabulary, (settings["batch"], context + 1))
        self.ids, self.targets = rows[:, :-1].contiguous(), rows[:, 1:].contiguous()
        self.loss = self.model
        if settings["mode"] == "compile":
            load_the_compiler()
            self.loss = torch.compile(self.model)
        self.before = resident("VmRSS")
        for _ in range(WARM_UP):
            self.step()
        forget_the_peak()

    def step(self) -> dict[str, float]:
        start = time.process_time()
        loss = self.loss(self.ids, self.targets)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        seconds = time.process_time() - start
        return {"seconds": seconds, "loss": loss.item()}

    def about(self) -> dict[str, Any]:
        return {
            "memory_bytes": resident("VmHWM") - self.before,
            "parameters": sum(parameter.numel() for parameter in self.parameters),
            "version": version(),
        }


def load_the_compiler() -> None:
    layer = nn.Linear(8, 8)
    torch.compile(lambda x: functional.gelu(layer(x)).sum())(torch.zeros(2, 8)).backward()


def resident(field: str) -> int:
    """Bytes of a field in kB of `/proc/self/status`."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))


def forget_the_peak() -> None:
    """Sets the peak of resident memory to what is resident now."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def version() -> str:
    """PyTorch and the libraries that multiply for it."""
    wanted = ("Math Kernel Library", "MKL-DNN", "CPU capability")
    lines = (line.strip(" -") for line in torch.__config__.show().splitlines())
    return "; ".join([f"torch {torch.__version__}", *(line for line in lines if any(part in line for part in wanted))])


def main() -> None:
    settings = SETTINGS | json.loads(next((word for word in sys.argv[1:] if word != "--serve"), "{}"))
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    training = Training(settings)
    if "--serve" not in sys.argv:
        steps = [training.step() for _ in range(settings["steps"])]
        lists = {key: [step[key] for step in steps] for key in ("seconds", "loss")}
        print(json.dumps(lists | training.about()))
        return
    for line in sys.stdin:
        print(json.dumps(training.step() if line.strip() == "step" else training.about()), flush=True)


if __name__ == "__main__":
    main()
