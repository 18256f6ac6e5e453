"""The page that says who may do what."""

import httpx2
import pytest

from tests.makers import Makers
from tongke_platform.app.rules import AREAS, all_rules
from tongke_platform.people.roles import Role


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/rights", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/rights")


@pytest.mark.parametrize(
    ("language", "sentence"), [("zh", "查看操作日志"), ("en", "Read the audit log")]
)
async def test_every_rule_is_on_it(
    client: httpx2.AsyncClient, make: Makers, language: str, sentence: str
) -> None:
    headers = await make.bearer(await make.person(await make.school(), Role.SCHOOL_ADMIN))
    page = await client.get(f"/rights?lang={language}", headers=headers)
    assert page.status_code == 200
    assert sentence in page.text
    assert page.text.count("<h3>") == len(all_rules())
    assert page.text.count('class="mine"') > 5


def test_every_rule_has_an_area() -> None:
    assert {rule.name.partition(".")[0] for rule in all_rules()} <= set(AREAS)
