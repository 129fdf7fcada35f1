"""Real texts to compare filters on, as JSON lines of {id, text}.

    python texts.py WCXB REALWEB.warc.gz > texts.jsonl

WCXB is the dev set of the web content extraction benchmark (github.com/murroughfoley/wcx), unpacked; its main contents
are taken as they were written down. Pages of the archive give two texts each: what trafilatura takes for the main
content, and all text of the page, which is what most rules are made to refuse.
"""

import json
import sys
from pathlib import Path

import trafilatura
from warcio.archiveiterator import ArchiveIterator


def texts(wcxb, archive):
    for path in sorted((Path(wcxb) / "ground-truth").glob("*.json")):
        yield f"wcxb/{path.stem}", json.loads(path.read_text(encoding="utf-8"))["ground_truth"].get("main_content")
    with open(archive, "rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type != "response":
                continue
            id, page = record.rec_headers["WARC-Record-ID"], record.content_stream().read()
            try:
                yield f"main/{id}", trafilatura.extract(page, favor_precision=True, include_comments=False)
                yield f"all/{id}", trafilatura.html2txt(page)
            except Exception as error:  # what a page does to its parser is no matter here
                print(id, error, file=sys.stderr)


for id, text in texts(*sys.argv[1:]):
    if text and text.strip():
        print(json.dumps({"id": id, "text": text}, ensure_ascii=False))
