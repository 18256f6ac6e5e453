"""Reads ``table.txt``: who may use which address."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.rights.askers import Asker

TABLE = Path(__file__).with_name("table.txt")


@dataclass(frozen=True)
class Line:
    """``shows`` names the object an answer lists for those who may see it; ``variant`` one of several
    ways an address is asked; ``but`` are those who may, while this very request is not for them.
    """

    address: str
    shows: str
    who: frozenset[str]
    variant: str = ""
    but: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        shows = f" shows {self.shows}" if self.shows else ""
        return self.request + shows

    @property
    def request(self) -> str:
        return f"{self.address} {self.variant}".strip()

    @property
    def method(self) -> str:
        return self.address.split()[0]

    @property
    def path(self) -> str:
        return self.address.split()[1]

    def lets(self, asker: Asker) -> bool:
        return bool(self.who & asker.terms)

    def takes(self, asker: Asker) -> bool:
        """They may, but what is asked here is not for them."""
        return not self.lets(asker) and bool(self.but & asker.terms)


class Table:
    """``groups`` are names for several terms; a term is ``role@relation`` or a name of askers."""

    def __init__(self, text: str) -> None:
        self.groups: dict[str, frozenset[str]] = {}
        self.lines: list[Line] = []
        for number, line in _logical(text):
            try:
                self._take(line)
            except ValueError as error:
                raise ValueError(f"table.txt, line {number}: {error}") from error
        names = [line.name for line in self.lines]
        if len(names) != len(set(names)):
            raise ValueError(f"twice: {sorted({n for n in names if names.count(n) > 1})}")

    def _take(self, line: str) -> None:
        if " = " in line:
            name, _, terms = line.partition(" = ")
            self.groups[name.strip()] = self._terms(terms.split())
            return
        address, arrow, terms = line.partition(" : ")
        if not arrow:
            raise ValueError(f"no colon in {line!r}")
        words = address.split()
        variant = words.pop() if words[-1].startswith("~") else ""
        shows = words.pop() if "shows" in words else ""
        address = " ".join(word for word in words if word != "shows")
        who, _, but = terms.partition(" but ")
        self.lines.append(
            Line(address, shows, self._terms(who.split()), variant, self._terms(but.split()))
        )

    def _terms(self, words: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for word in words:
            if word in self.groups:
                found |= self.groups[word]
            elif word != "-":
                found.add(word)
        return frozenset(found)

    def unknown_terms(self, askers: Sequence[Asker]) -> set[str]:
        known = {term for asker in askers for term in asker.terms}
        return {term for line in self.lines for term in line.who | line.but} - known


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines without remarks; an indented one goes on with the line before."""
    whole, began = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].rstrip()
        if not line:
            continue
        if line[0].isspace():
            whole += " " + line.strip()
            continue
        if whole:
            yield began, whole
        whole, began = line, number
    if whole:
        yield began, whole


def read() -> Table:
    return Table(TABLE.read_text("utf-8"))
