"""Decoding of PyTorch on one thread, f32 and eager: CPU seconds of a Llama-like model with random weights.

    python bench/model/decode.py '{"batch": 16, "new": 128, "repeat": 5}'
    python bench/model/decode.py '{"batch": 1}' --serve

Settings that are not given are those of `SETTINGS` below. The model has RMSNorm, rotary positions, SwiGLU and a tied
head; queries, keys and values come from one product, gate and up from another. Keys and values go into a cache that is
allocated once. One decode reads a prompt of random tokens and then takes `new` steps, each of which gives a token to every
row and chooses the likeliest next one.

Prints one JSON line: `seconds` of the steps (CPU, user and system, all threads of the process) and `prompt_seconds` of
reading the prompt, one number for each repetition after one to warm up; `tokens` is how many tokens the steps of one
repetition took in all rows, without the prompt. With `--serve` every line `decode` on standard input is answered by one
such line with plain numbers, a line `about` by `parameters` and `version`.
"""

import json
import os
import sys
import time
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import torch
from torch import Tensor
from torch.nn import functional

from train_step import version

SETTINGS: dict[str, Any] = {
    "layers": 6,
    "width": 384,
    "heads": 6,
    "kv_heads": 6,
    "hidden": 1024,
    "vocabulary": 8192,
    "batch": 1,
    "prompt": 16,
    "new": 128,
    "repeat": 5,
}
EPSILON = 1e-5
THETA = 10000.0


class Layer:
    def __init__(self, settings: dict[str, Any]) -> None:
        width, heads, kv_heads, hidden = (settings[key] for key in ("width", "heads", "kv_heads", "hidden"))
        head = width // heads
        places = settings["prompt"] + settings["new"]
        self.shares = [heads, kv_heads, kv_heads]
        self.attention_norm = torch.ones(width)
        self.query_key_value = matrix((heads + 2 * kv_heads) * head, width)
        self.attention_out = matrix(width, width)
        self.feed_forward_norm = torch.ones(width)
        self.gate_up = matrix(2 * hidden, width)
        self.down = matrix(width, hidden)
        self.keys = torch.zeros(settings["batch"], kv_heads, places, head)
        self.values = torch.zeros_like(self.keys)

    def parameters(self) -> list[Tensor]:
        norms = [self.attention_norm, self.feed_forward_norm]
        return [*norms, self.query_key_value, self.attention_out, self.gate_up, self.down]

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, start: int) -> Tensor:
        batch, length, width = x.shape
        heads = functional.linear(norm(x, self.attention_norm), self.query_key_value)
        heads = heads.view(batch, length, sum(self.shares), -1).transpose(1, 2)
        query, key, value = heads.split(self.shares, dim=1)
        end = start + length
        self.keys[:, :, start:end] = rotate(key, cos, sin)
        self.values[:, :, start:end] = value
        mixed = functional.scaled_dot_product_attention(
            rotate(query, cos, sin),
            self.keys[:, :, :end],
            self.values[:, :, :end],
            is_causal=length > 1,
            enable_gqa=self.shares[0] != self.shares[1],
        )
        x = x + functional.linear(mixed.transpose(1, 2).reshape(batch, length, width), self.attention_out)
        gate, up = functional.linear(norm(x, self.feed_forward_norm), self.gate_up).chunk(2, dim=-1)
        return x + functional.linear(functional.silu(gate) * up, self.down)


class Decoder:
    def __init__(self, settings: dict[str, Any]) -> None:
        torch.manual_seed(1)
        vocabulary, width, heads = (settings[key] for key in ("vocabulary", "width", "heads"))
        self.settings = settings
        self.embedding = matrix(vocabulary, width)
        self.layers = [Layer(settings) for _ in range(settings["layers"])]
        self.norm = torch.ones(width)
        head = width // heads
        frequencies = THETA ** (-torch.arange(0, head, 2) / head)
        angles = torch.outer(torch.arange(settings["prompt"] + settings["new"]), frequencies)
        self.cos, self.sin = angles.cos(), angles.sin()
        self.prompt = torch.randint(vocabulary, (settings["batch"], settings["prompt"]))

    def next(self, ids: Tensor, start: int) -> Tensor:
        """The likeliest token of every row after `ids`, which stand at `start` and on."""
        x = functional.embedding(ids, self.embedding)
        end = start + ids.shape[1]
        for layer in self.layers:
            x = layer.forward(x, self.cos[start:end], self.sin[start:end], start)
        logits = functional.linear(norm(x[:, -1:], self.norm), self.embedding)
        return logits.argmax(dim=-1)

    def decode(self) -> dict[str, float]:
        prompt, new = self.settings["prompt"], self.settings["new"]
        begin = time.process_time()
        ids = self.next(self.prompt, 0)
        read = time.process_time()
        for place in range(prompt, prompt + new):
            ids = self.next(ids, place)
        end = time.process_time()
        return {"seconds": end - read, "prompt_seconds": read - begin, "tokens": new * self.settings["batch"]}

    def about(self) -> dict[str, Any]:
        tensors = [self.embedding, self.norm, *(one for layer in self.layers for one in layer.parameters())]
        return {"parameters": sum(one.numel() for one in tensors), "version": version()}


def matrix(rows: int, columns: int) -> Tensor:
    return torch.randn(rows, columns) * 0.02


def norm(x: Tensor, weight: Tensor) -> Tensor:
    return functional.rms_norm(x, weight.shape, weight, EPSILON)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    left, right = x.chunk(2, dim=-1)
    return torch.cat([left * cos - right * sin, right * cos + left * sin], dim=-1)


@torch.inference_mode()
def main() -> None:
    settings = SETTINGS | json.loads(next((word for word in sys.argv[1:] if word != "--serve"), "{}"))
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    decoder = Decoder(settings)
    decoder.decode()
    if "--serve" not in sys.argv:
        rounds = [decoder.decode() for _ in range(settings["repeat"])]
        lists = {key: [one[key] for one in rounds] for key in ("seconds", "prompt_seconds")}
        print(json.dumps(lists | {"tokens": rounds[0]["tokens"]} | decoder.about()))
        return
    for line in sys.stdin:
        print(json.dumps(decoder.decode() if line.strip() == "decode" else decoder.about()), flush=True)


if __name__ == "__main__":
    main()
