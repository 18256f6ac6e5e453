"""Regions as a tree, and the rights that follow it."""

import httpx2

from tests.makers import Makers
from tongke_platform.people.roles import Role


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    for address in ("regions", "organisations", "people", "rooms", "classes", "years"):
        assert (await client.get(f"/api/{address}")).status_code == 401


async def test_moving_a_region_takes_schools_and_rights_along(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    north, south = await make.region(), await make.region()
    county = await make.region(north)
    town = await make.region(county)
    school = await make.school(town)
    admin = await make.bearer(await make.person(role=Role.ADMIN))
    at_north = await make.bearer(await make.person(role=Role.BUREAU_ADMIN, region=north))
    at_south = await make.bearer(await make.person(role=Role.BUREAU_ADMIN, region=south))
    address = f"/api/organisations/{school.id}"
    assert (await client.get(address, headers=at_north)).status_code == 200
    assert (await client.get(address, headers=at_south)).status_code == 404
    answer = await client.patch(
        f"/api/regions/{county.id}", headers=admin, json={"parent_id": str(south.id)}
    )
    assert answer.status_code == 200
    assert answer.json()["path"] == f"{south.path}{county.code}/"
    assert (await client.get(address, headers=at_north)).status_code == 404
    assert (await client.get(address, headers=at_south)).status_code == 200
    regions = (await client.get("/api/regions", headers=at_south)).json()
    assert [one["path"] for one in regions] == [
        south.path, f"{south.path}{county.code}/", f"{south.path}{county.code}/{town.code}/",
    ]  # fmt: skip


async def test_no_region_lies_in_itself(client: httpx2.AsyncClient, make: Makers) -> None:
    county = await make.region()
    town = await make.region(county)
    admin = await make.bearer(await make.person(role=Role.ADMIN))
    for parent in (county, town):
        answer = await client.patch(
            f"/api/regions/{county.id}", headers=admin, json={"parent_id": str(parent.id)}
        )
        assert answer.json()["code"] == "region_in_itself"


async def test_a_bureau_stays_in_its_region(client: httpx2.AsyncClient, make: Makers) -> None:
    mine, other = await make.region(), await make.region()
    bureau = await make.bearer(await make.person(role=Role.BUREAU_ADMIN, region=mine))
    new = {"code": "N1", "name": "新校", "region_id": str(other.id)}
    for wanted, status in (
        (new, 403),
        ({**new, "region_id": None}, 403),
        ({**new, "region_id": str(mine.id)}, 201),
    ):
        answer = await client.post("/api/organisations", headers=bureau, json=wanted)
        assert answer.status_code == status
    made = answer.json()["id"]
    answer = await client.patch(
        f"/api/organisations/{made}", headers=bureau, json={"region_id": str(other.id)}
    )
    assert answer.status_code == 403
    answer = await client.patch(
        f"/api/organisations/{made}", headers=bureau, json={"closed_on": "2020-01-01"}
    )
    assert answer.status_code == 422, "only what is meant can be set"
    assert (await client.get(f"/api/regions/{other.id}", headers=bureau)).status_code == 404


async def test_paging_and_search(client: httpx2.AsyncClient, make: Makers) -> None:
    region = await make.region()
    names = [(await make.school(region)).name for _ in range(7)]
    bureau = await make.bearer(await make.person(role=Role.BUREAU_ADMIN, region=region))
    seen: list[str] = []
    after = ""
    while True:
        page = (
            await client.get(
                "/api/organisations", headers=bureau, params={"limit": 3, "after": after}
            )
        ).json()
        assert page["total"] == 7
        seen += [one["name"] for one in page["items"]]
        after = page["next"]
        if not after:
            break
    assert len(seen) == 7
    assert set(seen) == set(names)
    for q, found in ((names[0], 1), ("%", 0), ("_", 0), ("小学", 7)):
        page = (await client.get("/api/organisations", headers=bureau, params={"q": q})).json()
        assert page["total"] == found, q
    for bad in ("x", "W10", "W10=", "////"):
        answer = await client.get("/api/organisations", headers=bureau, params={"after": bad})
        assert answer.json()["code"] == "bad_cursor"
