"""The world of the rights walk: everybody there is, and objects of every kind."""

from tests.rights.conftest import quiet, world

__all__ = ["quiet", "world"]
