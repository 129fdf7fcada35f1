"""Decoding by llama.cpp, built for this very processor: tokens per CPU second of a Llama-like model with random weights.

    python bench/model/llama_cpp.py build                  # about 10 CPU minutes, once; prints where it lies
    python bench/model/llama_cpp.py run '{"batch": 16}'    # builds and writes the model first where that is missing

The build comes from the source package of llama-cpp-python on PyPI, which has llama.cpp inside, and lies in the folder of
the peers (`DEEPDIVE_PEERS`, else `~/.cache/deepdive-peers`). Ready-made wheels of llama.cpp are no fair peer: they are
compiled for older processors.

Settings of a run: those of `random_gguf.py` for the model, and `batch`, `prompt` (16 tokens), `new` (128 tokens),
`repeat` (5), `cache` (types of keys and values) and `flash` (flash attention). One thread, weights in f32. The last two are
lists, of which every pair is measured, since which is the fastest differs. Unasked it takes f16 and decides on flash
attention by itself; flash attention on a cache in f32 is slow on CPUs. The program is llama-batched-bench for batch 1 too,
since llama-bench knows no cache in f32; it feeds random tokens and chooses none. Prints one JSON line for each pair:

- `tokens_per_second`: the program's own figure by the clock, best and median of the repetitions, for the new tokens alone;
- `cpu_seconds`: user and system seconds of the child for one repetition's new tokens. Found as a difference: the same
  command line is run with `new` and with 1 new token, and what both have (start, loading, warm-up, prompts) falls out;
  `cpu_tokens` is the tokens in it, `batch` * (`new` - 1), and `tokens_per_cpu_second` their ratio.
"""

import itertools
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from random_gguf import SETTINGS as MODEL
from random_gguf import write

VERSION = "0.3.36"  # of llama-cpp-python
FLAGS = [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DGGML_NATIVE=ON",
    "-DGGML_CUDA=OFF",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
]
PROGRAM = "llama-batched-bench"
SETTINGS = MODEL | {"batch": 1, "prompt": 16, "new": 128, "repeat": 5, "cache": ["f32", "f16"], "flash": ["off", "on"]}


def home() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("DEEPDIVE_PEERS") or cache / "deepdive-peers") / f"llama.cpp-{VERSION}"


def build() -> Path:
    """Where the program lies, which is built where it is missing."""
    program = home() / "build" / "bin" / PROGRAM
    if program.exists():
        return program
    sources = home() / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    quiet = {"check": True, "stdout": sys.stderr}
    name = f"llama-cpp-python=={VERSION}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "llama-cpp-python"]
    subprocess.run([*pip, "--dest", home(), name], **quiet)
    archive = home() / f"llama_cpp_python-{VERSION}.tar.gz"
    subprocess.run(["tar", "--extract", "--file", archive, "--directory", sources, "--strip-components=1"], **quiet)
    archive.unlink()
    # the package `cmake` puts its program beside the interpreter
    beside = Path(sys.executable).parent / "cmake"
    cmake = str(beside) if beside.exists() else "cmake"
    work = home() / "build"
    subprocess.run([cmake, "-S", sources / "vendor" / "llama.cpp", "-B", work, *FLAGS], **quiet)
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", "1")
    subprocess.run([cmake, "--build", work, "--parallel", jobs, "--target", PROGRAM], **quiet)
    return program


def charged(command: list[str]) -> tuple[float, str]:
    """User and system seconds of a child, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, printed


def command(program: Path, model: str, settings: dict[str, Any], cache: str, flash: str, new: int) -> list[str]:
    batch, prompt, repeat = (settings[key] for key in ("batch", "prompt", "repeat"))
    places = batch * (prompt + settings["new"])
    threads = ["-t", "1", "-tb", "1", "-ngl", "0"]
    memory = ["-ctk", cache, "-ctv", cache, "-fa", flash, "-c", str(places), "-b", "2048", "-ub", "512"]
    lengths = ["-npl", str(batch), "-npp", str(prompt), "-ntg", ",".join([str(new)] * repeat)]
    return [str(program), "-m", model, *threads, *memory, *lengths, "--output-format", "jsonl"]


def rates(printed: str) -> list[float]:
    """New tokens per second by the clock, one for each repetition."""
    return [json.loads(line)["speed_tg"] for line in printed.splitlines() if line.startswith("{")]


def commit(program: Path) -> str:
    told = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    found = re.search(r"\b[0-9a-f]{7,40}\b", told.stderr + told.stdout)
    return found[0] if found else "of unknown commit"


def run(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    program = build()
    new, repeat, batch = settings["new"], settings["repeat"], settings["batch"]
    tokens = repeat * batch * (new - 1)
    with tempfile.TemporaryDirectory() as scratch:
        model = f"{scratch}/random.gguf"
        write(model, settings)
        for cache, flash in itertools.product(settings["cache"], settings["flash"]):
            short, _ = charged(command(program, model, settings, cache, flash, 1))
            long, printed = charged(command(program, model, settings, cache, flash, new))
            rate = rates(printed)
            yield {
                "batch": batch,
                "cache": cache,
                "flash": flash,
                "tokens_per_second": {"best": max(rate), "median": statistics.median(rate)},
                "cpu_seconds": (long - short) / repeat,
                "cpu_tokens": tokens // repeat,
                "tokens_per_cpu_second": tokens / (long - short),
                "version": f"llama.cpp {commit(program)} of llama-cpp-python {VERSION}",
                "flags": " ".join(FLAGS),
                "command": " ".join(command(Path(PROGRAM), "random.gguf", settings, cache, flash, new)),
            }


def main() -> None:
    if sys.argv[1] == "build":
        print(build())
    elif sys.argv[1] == "run":
        for row in run(SETTINGS | json.loads(sys.argv[2] if len(sys.argv) > 2 else "{}")):
            print(json.dumps(row), flush=True)
    else:
        sys.exit("build or run")


if __name__ == "__main__":
    main()
