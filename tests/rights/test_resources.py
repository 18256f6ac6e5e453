"""The demo's ready file names private objects of every kind there is: no slice can be forgotten."""

from fastapi import FastAPI

from tests.rights.addresses import addresses
from tests.rights.table import Table, read
from tongke_platform.cli.demo_objects import KINDS

# Addresses that are read with an id or a name in them, and are no private object of a school's own.
EXCEPTIONS = {
    "/setup/{token}": "the key of a server that has no people yet",
    "/login/with/{provider}": "the way to another provider of accounts, for everybody",
    "/login/with/{provider}/callback": "the way back from there",
    "/join/{token}": "the address is the key: who has it is invited",
    "/groups/join/{token}": "the address is the key: who has it may join the group",
    "/groups/calendar/{token}.ics": "the address is the key: a member's own",
    "/groups/feed/{token}.atom": "the address is the key: a member's own",
    "/api/drafts/{sent_as}": "words one has not sent yet: in no demo",
    "/consent/{token}": "the address is the key: a guardian's, who has no account",
    "/consent/receipt/{token}": "the address is the key: a guardian's, who has no account",
    "/home/{token}": "the address is the key: a class's, that learns at home",
    "/home/{token}/materials/{version_id}/{name}": "the address is the key: a class's",
    "/api/home/{token}": "the address is the key: a class's, that learns at home",
    "/room/{token}": "the address is the key: the classroom's, named room_url",
    "/room/{token}/next": "the address is the key: the classroom's",
    "/admin/import/template.{kind}": "an empty table to fill in, for whoever is signed in",
    "/api/regions/{region_id}": "a county's, not a school's: nobody of the school may read it",
    "/admin/regions/{region_id}": "a county's, not a school's: nobody of the school may read it",
    "/admin/years/{year_id}": "the county's form: no school sets years",
    "/admin/organisations/{organisation_id}/edit": "the county's form: no school edits itself",
    "/admin/organisations/{organisation_id}/merge": "the county's form: no school edits itself",
    "/api/textbooks/{node_id}": "a published book: for everybody who is signed in",
    "/api/textbooks/{node_id}/points": "of a published book: for everybody who is signed in",
    "/api/textbooks/{node_id}/alike": "of a published book: for everybody who is signed in",
    "/textbooks/{node_id}": "a published book: for everybody who is signed in",
    "/materials/{material_id}": "leads to its place on the page of its lesson or course",
    "/api/notices/chats/{chat_id}": "a demo must not post into anybody's real group",
}


def test_every_kind_is_shown_or_excepted(app: FastAPI) -> None:
    with_objects = {
        address.split()[1]
        for address in addresses(app)
        if address.startswith("GET ") and "{" in address
    }
    shown = {path for paths in KINDS.values() for path in paths}
    assert with_objects - shown - EXCEPTIONS.keys() == set(), "name it in demo_objects.KINDS"
    assert shown - with_objects == set(), "addresses that are no more"
    assert EXCEPTIONS.keys() & shown == set()
    assert {one for one in EXCEPTIONS if "{" in one} - with_objects == set()


def test_what_is_shown_is_not_for_everybody() -> None:
    table: Table = read()
    shown = {path for paths in KINDS.values() for path in paths}
    open_to_all = [
        line.name
        for line in table.lines
        if line.method == "GET" and line.path in shown and line.who & {"anyone", "everyone"}
    ]
    assert open_to_all == []
