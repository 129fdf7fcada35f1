"""Real pages with their main text, from the benchmarks of others, as lines of JSON.

    python corpora.py wcxb FOLDER > wcxb.jsonl              # html/ and ground-truth/ of WCXB's dev or test set
    python corpora.py articles FOLDER > articles.jsonl      # html/ and ground-truth.json of article-extraction-benchmark
    python corpora.py snippets FOLDER > snippets.jsonl      # html/ and evaldata.json of trafilatura's evaluation
    python corpora.py readability FOLDER > readability.jsonl  # cases of Mozilla's readability: source.html, expected.html

A line has id, site, url, type, html and text; pages of `snippets` have `with` and `without` instead of text. Pages of
one site belong together: what is learned from one helps on the other, so any split goes by `site`.
"""

import gzip
import html as markup
import json
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit


def read(path):
    """Text of a page; packed or not, UTF-8 or what it says it is."""
    body = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(path.name + ".gz").read_bytes())
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        said = re.search(rb"charset=[\"']?([\w-]+)", body[:4096], re.I)
        try:
            return body.decode(said[1].decode() if said else "cp1252", "replace")
        except LookupError:
            return body.decode("utf-8", "replace")


def site(url, otherwise):
    host = urlsplit(url or "").hostname or otherwise
    parts = host.removeprefix("www.").split(".")
    # Near enough to the registered domain: co.uk and com.au have short second parts.
    keep = 3 if len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) <= 3 else 2
    return ".".join(parts[-keep:])


def wcxb(folder):
    for path in sorted((folder / "ground-truth").glob("*.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        text = truth["ground_truth"].get("main_content")
        if not text:
            continue
        url = truth.get("url") or ""
        yield {
            "id": path.stem,
            "site": site(url, path.stem),
            "url": url,
            "type": truth["_internal"]["page_type"]["primary"],
            "html": read(folder / "html" / f"{path.stem}.html"),
            "text": text,
        }


def articles(folder):
    for name, truth in json.loads((folder / "ground-truth.json").read_text(encoding="utf-8")).items():
        url = truth["url"]
        html = read(folder / "html" / f"{name}.html")
        yield {"id": name, "site": site(url, name), "url": url, "type": "article", "html": html, "text": truth["articleBody"]}


def snippets(folder):
    for name, truth in json.loads((folder / "evaldata.json").read_text(encoding="utf-8")).items():
        file = folder / "html" / truth["file"]
        if file.exists():
            yield {"id": name, "site": truth["file"], "url": "", "type": "article", "html": read(file)} | {
                side: truth[side] for side in ("with", "without")
            }


def readability(folder):
    for case in sorted(folder.iterdir()):
        if (case / "expected.html").exists():
            text = re.sub(r"<[^>]*>", " ", read(case / "expected.html"))
            text = markup.unescape(text)
            yield {"id": case.name, "site": case.name, "url": "", "type": "article", "html": read(case / "source.html"), "text": text}


if __name__ == "__main__":
    for page in globals()[sys.argv[1]](Path(sys.argv[2])):
        print(json.dumps(page, ensure_ascii=False))
