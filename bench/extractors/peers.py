"""Runs one extractor over pages and writes what it found.

    python peers.py trafilatura pages.jsonl found.jsonl

Lines of `pages.jsonl` have id and html, lines of `found.jsonl` id and text. On standard output: CPU seconds (user and
system) of the extraction alone, then the version. `bench extract` runs this as a child beside our own.
"""

import json
import logging
import sys
import time
from importlib.metadata import version


def trafilatura():
    import trafilatura

    return lambda html: trafilatura.extract(html) or ""


def resiliparse():
    from resiliparse.extract.html2text import extract_plain_text

    return lambda html: extract_plain_text(html, main_content=True)


def main():
    name, pages, found = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    extract = {"trafilatura": trafilatura, "resiliparse": resiliparse}[name]()
    with open(pages, encoding="utf-8") as lines:
        pages = [(page["id"], page["html"]) for page in map(json.loads, lines)]
    extract(pages[0][1])
    start = time.process_time()
    texts = [extract(html) for _, html in pages]
    seconds = time.process_time() - start
    with open(found, "w", encoding="utf-8") as out:
        for (page, _), text in zip(pages, texts):
            print(json.dumps({"id": page, "text": text}, ensure_ascii=False), file=out)
    print(json.dumps({"seconds": seconds, "version": f"{name} {version(name)}"}))


if __name__ == "__main__":
    main()
