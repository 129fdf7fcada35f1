"""Web pages to documents, by two rules that fit on a slide. Replace them with your own.

filter.py PAGES DOCUMENTS DROPPED: three directories of Parquet shards, the last two empty.
"""
import html, re, sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

NAMES = ["text", "id", "dump", "url", "date", "file_path", "language"]
DOCUMENTS = pa.schema([pa.field(n, pa.string(), False) for n in NAMES] + [pa.field("language_score", pa.float64(), False)])
REASONS = pa.schema([("id", pa.string()), ("url", pa.string()), ("source", pa.string()), ("offset", pa.int64()),
                     ("stage", pa.string()), ("reason", pa.string()), ("kind", pa.string())])

def text_of(page):
    """Paragraphs of at least eighty characters, without markup."""
    bare = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->", " ", page)
    lines = re.split(r"(?i)</?(?:p|div|br|li|td|h[1-6])\b[^>]*>", bare)
    lines = (" ".join(html.unescape(re.sub(r"<[^>]*>", "", line)).split()) for line in lines)
    return "\n".join(line for line in lines if len(line) >= 80)

pages, documents, dropped = map(Path, sys.argv[1:])
for shard in sorted(pages.glob("*.parquet")):  # one shard in, one of each out: a row is kept or dropped, never lost
    with pq.ParquetWriter(documents / shard.name, DOCUMENTS) as keep, pq.ParquetWriter(dropped / shard.name, REASONS) as drop:
        for batch in pq.ParquetFile(shard).iter_batches():
            kept, gone = [], []
            for page in batch.to_pylist():
                text = text_of(page["html"])
                reason = "few_words" if len(text.split()) < 50 else "no_sentence" if text.count(". ") < 2 else None
                row = page | {"text": text, "dump": "python", "file_path": page["source"], "language": "und", "language_score": 0.0}
                (gone if reason else kept).append(row | {"stage": "filter.py", "reason": reason, "kind": "rule"})
            keep.write_table(pa.Table.from_pylist(kept, DOCUMENTS))
            drop.write_table(pa.Table.from_pylist(gone, REASONS))
