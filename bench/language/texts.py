"""Main texts of the pages of a WARC file, one a line, `\\n` for line feeds: what `compare.py` asks about real pages.

    python bench/language/texts.py realweb-dev.warc.gz > texts.txt

Texts are trafilatura's with FineWeb's settings, so that neither side chose them.
"""

import sys

from trafilatura import extract
from warcio.archiveiterator import ArchiveIterator

with open(sys.argv[1], "rb") as archive:
    for record in ArchiveIterator(archive):
        if record.rec_type != "response":
            continue
        page = record.content_stream().read()
        text = extract(page, favor_precision=True, include_comments=False, deduplicate=True)
        if text:
            print(text.replace("\\n", " ").replace("\n", "\\n"))
