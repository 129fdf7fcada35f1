"""A Llama-like model with random f32 weights, as a GGUF file that llama.cpp opens.

    python bench/model/random_gguf.py random.gguf '{"layers": 6, "width": 384}'

The tokenizer in it is a dummy: `vocabulary` tokens without a meaning, enough for programs that feed ids.
"""

import json
import sys
from typing import Any

import gguf
import numpy

SETTINGS: dict[str, Any] = {
    "layers": 6,
    "width": 384,
    "heads": 6,
    "kv_heads": 6,
    "hidden": 1024,
    "vocabulary": 8192,
    "context": 4096,
    "tied": True,
}


def write(path: str, settings: dict[str, Any]) -> None:
    layers, width, heads, kv_heads, hidden, vocabulary = (
        settings[key] for key in ("layers", "width", "heads", "kv_heads", "hidden", "vocabulary")
    )
    head = width // heads
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("random")
    writer.add_context_length(settings["context"])
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(vocabulary)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)

    kind = gguf.TokenType
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    special = ["<unk>", "<s>", "</s>"]
    words = [f"t{at}" for at in range(vocabulary - len(special) - len(bytes_))]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(special + bytes_ + words)
    writer.add_token_scores([0.0] * vocabulary)
    kinds = [kind.UNKNOWN, kind.CONTROL, kind.CONTROL] + [kind.BYTE] * len(bytes_) + [kind.NORMAL] * len(words)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)

    random = numpy.random.default_rng(0)

    def matrix(name: str, rows: int, columns: int) -> None:
        values = random.standard_normal((rows, columns), dtype=numpy.float32)
        writer.add_tensor(name, values * numpy.float32(0.02))

    def ones(name: str) -> None:
        writer.add_tensor(name, numpy.ones(width, dtype=numpy.float32))

    matrix("token_embd.weight", vocabulary, width)
    for layer in range(layers):
        ones(f"blk.{layer}.attn_norm.weight")
        matrix(f"blk.{layer}.attn_q.weight", width, width)
        matrix(f"blk.{layer}.attn_k.weight", kv_heads * head, width)
        matrix(f"blk.{layer}.attn_v.weight", kv_heads * head, width)
        matrix(f"blk.{layer}.attn_output.weight", width, width)
        ones(f"blk.{layer}.ffn_norm.weight")
        matrix(f"blk.{layer}.ffn_gate.weight", hidden, width)
        matrix(f"blk.{layer}.ffn_up.weight", hidden, width)
        matrix(f"blk.{layer}.ffn_down.weight", width, hidden)
    ones("output_norm.weight")
    if not settings["tied"]:
        matrix("output.weight", vocabulary, width)  # without it llama.cpp takes the embedding

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1], SETTINGS | json.loads(sys.argv[2] if len(sys.argv) > 2 else "{}"))
