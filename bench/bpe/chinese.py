"""A Chinese corpus, from the documentation that Debian has in Chinese.

    apt-get download libreoffice-help-zh-cn manpages-zh debian-reference-zh-cn debian-faq-zh-cn debian-edu-doc-zh-cn
    for package in *.deb; do dpkg-deb -x "$package" documents; done
    python bench/bpe/chinese.py documents > chinese.jsonl

Manual and web pages without their markup, of which at least a third of the characters are Chinese. `bench bpe` measures on
a `chinese.jsonl` that lies beside its corpus.
"""

import gzip
import html
import json
import re
import sys
from pathlib import Path

MARKUP = re.compile(r"<(script|style|head)\b.*?</\1>|<[^>]+>", re.S)
REQUEST = re.compile(r"^[.'].*$|\\f.|\\-|\\&", re.M)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def texts(root):
    for path in sorted(Path(root).rglob("*")):
        if path.suffix in (".html", ".xhp"):
            yield html.unescape(MARKUP.sub("", path.read_text(encoding="utf-8", errors="replace")))
        elif path.suffix == ".gz" and "/man/" in str(path):
            yield REQUEST.sub("", gzip.open(path, "rt", encoding="utf-8", errors="replace").read())


for text in texts(sys.argv[1]):
    text = re.sub(r"\n\s*\n+", "\n\n", text).strip()
    if len(CHINESE.findall(text)) * 3 > len(text) > 200:
        json.dump({"text": text}, sys.stdout, ensure_ascii=False)
        print()
