"""The walk itself can fail."""

import pytest

from tests.rights.askers import Asker
from tests.rights.table import Table
from tongke_platform.people.roles import Role, Scope

HEAD = Asker("principal.organisation@own", Role.PRINCIPAL, "own", Scope.ORGANISATION, "cookie")
LEFT = Asker("principal.organisation@former", Role.PRINCIPAL, "former", Scope.ORGANISATION, "c")


def test_lines_groups_and_remarks() -> None:
    table = Table(
        "# a remark\n"
        "heads = principal@own\n"
        "GET /a : heads   # another\n"
        "GET /b shows thing : -\n"
        "POST /d ~mine : staff@former but principal@own\n"
        "GET /c :\n   staff@former\n   nobody\n"
    )
    first, second, mine, third = table.lines
    assert first.lets(HEAD)
    assert not first.lets(LEFT)
    assert not second.lets(HEAD)
    assert (second.address, second.shows) == ("GET /b", "thing")
    assert mine.takes(HEAD)
    assert not mine.lets(HEAD)
    assert mine.address == "POST /d"
    assert third.lets(LEFT)
    assert third.lets(Asker("nobody"))
    assert not third.lets(HEAD)


@pytest.mark.parametrize("text", ["GET /a anyone\n", "GET /a : -\nGET /a : anyone\n"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no colon|twice"):
        Table(text)


def test_a_misspelt_role_shows() -> None:
    table = Table("GET /a : principle@own\n")
    assert table.unknown_terms([HEAD]) == {"principle@own"}
