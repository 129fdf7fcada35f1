"""Do our rules say what datatrove's say, document by document?

    pip install -r requirements.txt
    python texts.py WCXB REALWEB.warc.gz > texts.jsonl
    python compare.py texts.jsonl VERDICTS                    # datatrove 0.10, our preset fineweb-2025
    python compare.py texts.jsonl VERDICTS --v1 DATATROVE_02  # the code of 2024, unpacked; our preset fineweb-v1

VERDICTS is the built example `verdicts` of the crate fineweb-filter. Every text in English, by our language filter, goes
through datatrove's own filter classes and through ours, twice: once our rules are given datatrove's tokens, which compares
the rules alone, and once they split words themselves. Printed are the shares of documents on which verdict and first reason
of the chain agree, those of each filter alone, how far token sequences agree, and every pair of different reasons.

Of 2024, tokens and sentences are spaCy's too: NLTK's data is not in a package registry. So --v1 compares rules, not words.
"""

import argparse
import difflib
import importlib.machinery
import json
import subprocess
import sys
import types
from collections import Counter
from pathlib import Path

import spacy

FILTERS = ["repetition", "quality", "c4", "fineweb"]


def today():
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )
    from datatrove.utils.text import split_into_words

    filters = [
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        C4QualityFilter(filter_no_terminal_punct=False),
        FineWebQualityFilter(),
    ]
    return filters, split_into_words


def of_2024(folder):
    """The filter modules of datatrove 0.2, loaded by file so that they can live beside today's."""
    from datatrove.utils.typeshelper import Languages
    from datatrove.utils.word_tokenizers import load_word_tokenizer

    spacy_words = load_word_tokenizer(Languages.english)
    spacy_words.word_tokenize("It loads what it needs.")

    tokenize = types.ModuleType("nltk.tokenize")
    tokenize.word_tokenize = lambda text, language="english": spacy_words.word_tokenize(text)
    tokenize.sent_tokenize = lambda text, language="english": spacy_words.span_tokenize(text)
    nltk = types.ModuleType("nltk")
    nltk.word_tokenize, nltk.tokenize = tokenize.word_tokenize, tokenize
    nltk.__spec__ = importlib.machinery.ModuleSpec("nltk", None)
    for name in [name for name in sys.modules if name.split(".")[0] == "datatrove"]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    sys.modules.update({"nltk": nltk, "nltk.tokenize": tokenize})
    from datatrove.pipeline.filters.c4_quality_filter import C4QualityFilter
    from datatrove.pipeline.filters.fineweb_quality_filter import FineWebQualityFilter
    from datatrove.pipeline.filters.gopher_quality_filter import GopherQualityFilter
    from datatrove.pipeline.filters.gopher_repetition_filter import GopherRepetitionFilter

    for kind in (C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter):
        kind._requires_dependencies = []
    filters = [
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        C4QualityFilter(filter_no_terminal_punct=False),
        FineWebQualityFilter(exclusion_writer=None),
    ]
    return filters, spacy_words.word_tokenize


def reason(filter, document):
    try:
        verdict = filter.filter(document)
    except ZeroDivisionError:
        return "crash"
    if verdict is True:
        return None
    return verdict[1] if isinstance(verdict, tuple) else "dropped"


def theirs(filters, words, rows):
    from datatrove.data import Document

    for row in rows:
        def document(text):
            return Document(text=text, id=row["id"])

        said, chain = {}, None
        for name, filter in zip(FILTERS, filters):
            said[name] = reason(filter, document(row["text"]))
        moving = document(row["text"])
        for filter in filters[:2]:
            chain = chain or reason(filter, moving)
        cleaned = document(row["text"])
        clean = cleaned.text if reason(filters[2], cleaned) is None else None
        chain = chain or said["c4"] or reason(filters[3], document(clean if clean is not None else row["text"]))
        said["first"], said["clean"] = chain, cleaned.text if said["c4"] is None else None
        said["words"] = words(row["text"])
        yield said


def ours(program, preset, rows):
    lines = "\n".join(json.dumps(row) for row in rows)
    done = subprocess.run([program, preset], input=lines, capture_output=True, text=True, check=True, encoding="utf-8")
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def share(part, whole):
    return f"{100 * part / max(whole, 1):7.3f} %  {part} of {whole}"


def report(title, theirs, ours):
    print(f"\n{title}")
    for name in ["first", *FILTERS]:
        pairs = Counter((a[name], b[name]) for a, b in zip(theirs, ours))
        crashed = sum(count for (a, _), count in pairs.items() if a == "crash")
        equal = sum(count for (a, b), count in pairs.items() if a == b)
        verdict = sum(count for (a, b), count in pairs.items() if a != "crash" and (a is None) == (b is None))
        whole = sum(pairs.values()) - crashed
        dropped = sum(count for (a, _), count in pairs.items() if a)
        print(f"  {name:10}  same reason {share(equal, whole)}   same verdict {share(verdict, whole)}   {dropped} dropped")
        for (a, b), count in pairs.most_common():
            if a != b and a != "crash":
                ids = [t["id"] for t, x, y in zip(ours, theirs, ours) if (x[name], y[name]) == (a, b)][:3]
                print(f"      {count:4}  theirs {a}  ours {b}  {' '.join(ids)}")
    texts = [(a["clean"], b["clean"]) for a, b in zip(theirs, ours) if a["clean"] is not None and b["c4"] is None]
    print(f"  C4's text   equal       {share(sum(a == b for a, b in texts), len(texts))}")


def report_words(theirs, ours, show):
    tokens = equal = documents = 0
    pairs = Counter()
    for a, b in zip(theirs, ours):
        tokens += len(a["words"])
        documents += a["words"] == b["words"]
        if a["words"] == b["words"]:
            equal += len(a["words"])
            continue
        for tag, i, j, k, l in difflib.SequenceMatcher(None, a["words"], b["words"], autojunk=False).get_opcodes():
            if tag == "equal":
                equal += j - i
            else:
                pairs[" ".join(a["words"][i:j])[:80], " ".join(b["words"][k:l])[:80]] += 1
    print(f"\nwords\n  equal tokens     {share(equal, tokens)}\n  equal documents  {share(documents, len(ours))}")
    for (a, b), count in pairs.most_common(show):
        print(f"      {count:4}  theirs {a!r}  ours {b!r}")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("texts")
parser.add_argument("verdicts")
parser.add_argument("--v1", metavar="DATATROVE_02")
parser.add_argument("--show", type=int, default=20, help="how many kinds of different tokens to print")
parser.add_argument("--keep", metavar="FILE", help="where datatrove's answers are kept, to be asked once")
parser.add_argument("--most", type=int, help="only so many texts")
arguments = parser.parse_args()

rows = [json.loads(line) for line in open(arguments.texts, encoding="utf-8")][: arguments.most]
preset = "fineweb-v1" if arguments.v1 else "fineweb-2025"
english = [row for row, said in zip(rows, ours(arguments.verdicts, preset, rows)) if said["english"]]
if arguments.keep and Path(arguments.keep).exists():
    peer = [json.loads(line) for line in open(arguments.keep, encoding="utf-8")]
else:
    peer = list(theirs(*(of_2024(arguments.v1) if arguments.v1 else today()), english))
    if arguments.keep:
        Path(arguments.keep).write_text("".join(json.dumps(said) + "\n" for said in peer), encoding="utf-8")
given = ours(arguments.verdicts, preset, [{**row, "tokens": said["words"]} for row, said in zip(english, peer)])
own = ours(arguments.verdicts, preset, english)
print(f"{len(rows)} texts, {len(english)} in English; {preset}; spaCy {spacy.__version__}")
report("rules, given their tokens", peer, given)
report("rules, by our own words", peer, own)
report_words(peer, own, arguments.show)
