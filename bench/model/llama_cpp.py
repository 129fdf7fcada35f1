"""Decoding by llama.cpp, built for this very processor: tokens per CPU second of a Llama-like model with random weights.

    python bench/model/llama_cpp.py build                  # about 4 CPU minutes, once; prints where it lies
    python bench/model/llama_cpp.py run '{"batch": 16}'    # builds and writes the model first where that is missing

The build comes from the source package of llama-cpp-python on PyPI, which has llama.cpp inside, and lies in the folder of
the peers (`DEEPDIVE_PEERS`, else `~/.cache/deepdive-peers`). Ready-made wheels of llama.cpp are no fair peer: they are
compiled for older processors.

Settings of a run: those of `random_gguf.py` for the model, and `batch`, `prompt` (16 tokens), `new` (128 tokens),
`repeat` (5) and `flash` ("on", "off", or "auto", which is what llama.cpp takes unasked). One thread, weights and cache in
f32. Batch 1 is run by llama-bench, more by llama-batched-bench. Both feed random tokens and sample none. Prints one JSON
line:

- `tokens_per_second`: the program's own figure by the clock, best and median of the repetitions, for the new tokens alone;
- `cpu_seconds`: user and system seconds of the child for one repetition's new tokens. Found as a difference: the same
  command line is run with `new` and with 1 new token, and what both have (start, loading, warm-up, prompts) falls out, so
  `cpu_tokens` is `repeat` * `batch` * (`new` - 1) and `tokens_per_cpu_second` = `cpu_tokens` / the difference.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
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
PROGRAMS = ["llama-bench", "llama-batched-bench"]
SETTINGS = MODEL | {"batch": 1, "prompt": 16, "new": 128, "repeat": 5, "flash": "auto"}


def home() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("DEEPDIVE_PEERS") or cache / "deepdive-peers") / f"llama.cpp-{VERSION}"


def build() -> Path:
    """The folder with the two programs, which are built where they are missing."""
    programs = home() / "build" / "bin"
    if all((programs / program).exists() for program in PROGRAMS):
        return programs
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
    subprocess.run([cmake, "--build", work, "--parallel", jobs, "--target", *PROGRAMS], **quiet)
    return programs


def charged(command: list[str]) -> tuple[float, str]:
    """User and system seconds of a child, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, printed


def command(programs: Path, model: str, settings: dict[str, Any], new: int) -> list[str]:
    both = ["-m", model, "-t", "1", "-ngl", "0", "-ctk", "f32", "-ctv", "f32", "-fa", settings["flash"]]
    batch, prompt, repeat = (settings[key] for key in ("batch", "prompt", "repeat"))
    if batch == 1:
        rest = ["-p", "0", "-n", str(new), "-d", str(prompt), "-r", str(repeat), "-o", "jsonl"]
        return [str(programs / "llama-bench"), *both, *rest]
    places = batch * (prompt + settings["new"])
    rest = ["-tb", "1", "-c", str(places), "-b", "2048", "-ub", "512", "--output-format", "jsonl"]
    lengths = ["-npl", str(batch), "-npp", str(prompt), "-ntg", ",".join([str(new)] * repeat)]
    return [str(programs / "llama-batched-bench"), *both, *rest, *lengths]


def rates(printed: str, new: int) -> list[float]:
    """Tokens per second by the clock, one for each repetition."""
    rows = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    if "samples_ns" in rows[0]:
        return [new * 1e9 / nanoseconds for nanoseconds in rows[0]["samples_ns"]]
    return [row["speed_tg"] for row in rows]


def run(settings: dict[str, Any]) -> dict[str, Any]:
    programs = build()
    new, repeat, batch = settings["new"], settings["repeat"], settings["batch"]
    with tempfile.TemporaryDirectory() as scratch:
        model = f"{scratch}/random.gguf"
        write(model, settings)
        charged(command(programs, model, settings | {"repeat": 1}, 1))  # the file is in memory from here on
        short, _ = charged(command(programs, model, settings, 1))
        long, printed = charged(command(programs, model, settings, new))
    rate = rates(printed, new)
    tokens = repeat * batch * (new - 1)
    return {
        "batch": batch,
        "tokens_per_second": {"best": max(rate), "median": statistics.median(rate)},
        "cpu_seconds": (long - short) / repeat,
        "cpu_tokens": tokens // repeat,
        "tokens_per_cpu_second": tokens / (long - short),
        "version": f"llama.cpp of llama-cpp-python {VERSION}",
        "flags": " ".join(FLAGS),
        "command": " ".join(command(Path(), "random.gguf", settings, new)),
    }


def main() -> None:
    if sys.argv[1] == "build":
        print(build())
    elif sys.argv[1] == "run":
        print(json.dumps(run(SETTINGS | json.loads(sys.argv[2] if len(sys.argv) > 2 else "{}"))))
    else:
        sys.exit("build or run")


if __name__ == "__main__":
    main()
