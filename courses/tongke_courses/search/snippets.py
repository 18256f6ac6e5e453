"""Which piece of a text answers a query, and where in it the words stand. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from tongke_courses.search.segmenter import Term, normalise, runs

MAX_PASSAGE = 200
_SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]+|[^。！？!?；;\n]+")
Marks = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """Plain text, and the stretches (from, up to; in characters) that answer the query."""

    text: str
    marks: Marks = ()


def passages(text: str) -> list[str]:
    """Pieces of at most ``MAX_PASSAGE`` characters, cut at the ends of sentences where it goes."""
    found: list[str] = []
    for sentence in (one.strip() for one in _SENTENCE.findall(text)):
        for start in range(0, len(sentence), MAX_PASSAGE):
            piece = sentence[start : start + MAX_PASSAGE]
            if found and len(found[-1]) + len(piece) <= MAX_PASSAGE:
                found[-1] += piece
            elif piece:
                found.append(piece)
    return found


def snippet(terms: Sequence[Term], texts: Iterable[str]) -> Marked:
    """The passage with most of the terms, the first of those; else the first passage there is."""
    best, score, first = Marked(""), 0, ""
    for passage in (one for text in texts for one in passages(text)):
        first = first or passage
        normal = normalise(passage)
        here = sum(one.token in normal for one in terms)
        if here > score:
            marked = mark(passage, terms)
            if marked.marks:
                best, score = marked, here
        if score == len(terms):
            break
    return best if score else Marked(first)


def mark(text: str, terms: Sequence[Term]) -> Marked:
    """Where the terms stand in ``text``; neighbours become one stretch."""
    normal, starts = _mapped(text)
    found = sorted(_places(normal, terms))
    merged: list[tuple[int, int]] = []
    for start, end in found:
        begin, until = _source(starts, start), _source(starts, end - 1) + 1
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(until, merged[-1][1])
        else:
            merged.append((begin, until))
    return Marked(text, tuple(merged))


def highlight(marked: Marked) -> Markup:
    """For templates: escaped, with ``<mark>`` around what answers the query."""
    parts, at = [], 0
    for start, end in marked.marks:
        parts += [escape(marked.text[at:start]), Markup("<mark>")]
        parts += [escape(marked.text[start:end]), Markup("</mark>")]
        at = end
    return Markup("").join([*parts, escape(marked.text[at:])])


def _mapped(text: str) -> tuple[str, Sequence[int]]:
    """Normalised, and where each character's part begins."""
    normal = normalise(text)
    if len(normal) == len(text):
        return normal, range(len(text))
    parts, starts, length = [], [], 0
    for one in text:
        part = normalise(one)
        parts.append(part)
        starts.append(length)
        length += len(part)
    return "".join(parts), starts


def _source(starts: Sequence[int], at: int) -> int:
    return bisect_right(starts, at) - 1


def _places(normal: str, terms: Sequence[Term]) -> Iterable[tuple[int, int]]:
    chinese = [one.token for one in terms if all(run.chinese for run in runs(one.token))]
    for token in chinese:
        at = normal.find(token)
        while at >= 0:
            yield at, at + len(token)
            at = normal.find(token, at + 1)
    words = {one.token: one.prefix for one in terms if one.token not in chinese}
    if words:
        yield from _words(normal, words)


def _words(normal: str, words: dict[str, bool]) -> Iterable[tuple[int, int]]:
    at = 0
    for run in runs(normal):
        at = normal.index(run.text, at)
        for word, prefix in words.items():
            if not run.chinese and (run.text == word or (prefix and run.text.startswith(word))):
                yield at, at + len(run.text if run.text == word else word)
        at += len(run.text)
