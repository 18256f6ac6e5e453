"""The kinds of facts there are. A slice registers its own at import."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``name`` is ``thing.happening``. A quantity is a whole number of ``unit``; what changes the
    meaning of a quantity gets a new ``version``. ``label`` is a message.
    """

    name: str
    version: int
    unit: str
    label: str


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Raises ValueError when the name is another kind's."""
    if _kinds.setdefault(kind.name, kind) != kind:
        raise ValueError(f"there is a kind {kind.name} already")
    return kind


def kinds() -> tuple[Kind, ...]:
    return tuple(_kinds.values())


def named(name: str) -> Kind | None:
    return _kinds.get(name)
