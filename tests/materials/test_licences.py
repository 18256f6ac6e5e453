"""What a licence lets whom take home: one file alone and an archive say the same."""

import pytest

from tests.materials import files
from tests.materials.conftest import Cast
from tests.materials.test_materials import added, see
from tests.materials.tus_client import Tus
from tongke_courses.catalogue.models import Licence
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials.rights import ONLY_HERE, SIGN_IN, why_not
from tongke_platform.frame import Frame

OPEN = [Licence.CC_BY, Licence.CC_BY_NC, Licence.CC_BY_NC_SA, Licence.CC0]


@pytest.mark.parametrize("licence", list(Licence))
def test_the_rule(licence: Licence) -> None:
    visitor = {Licence.VIEW: ONLY_HERE, Licence.SCHOOLS: SIGN_IN}.get(licence, "")
    assert why_not(licence, of_school=False) == visitor
    assert why_not(licence, of_school=True) == (ONLY_HERE if licence is Licence.VIEW else "")


async def refused(cast: Cast, who: Tus, made: dict[str, object]) -> int | None:
    """The status a single download is refused with; the archive and the list agree."""
    alone = (await who.said("GET", f"{made['href']}?download=1")).status
    size = (await who.json("GET", f"/api/lessons/{cast.lesson.id}/archive/size"))[1]
    left = made["title"] in {one["title"] for one in size["left_out"]}
    listed = {one["id"]: one for one in (await who.json("GET", cast.path))[1]}
    assert left == (alone != 200)
    assert listed[made["id"]]["may_download"] is (alone == 200)
    return None if alone == 200 else alone


@pytest.mark.parametrize("licence", list(Licence))
async def test_alone_and_in_an_archive(cast: Cast, frame: Frame, licence: Licence) -> None:
    await see(frame, cast, Visibility.PUBLIC)
    shown = await added(cast, files.PDF, "课件.pdf", licence=licence.value)
    sheet = await added(cast, files.docx("圆"), "单.docx", licence=licence.value)
    visitor = Tus(cast.lead.app)
    for made in (shown, sheet):
        as_visitor = {Licence.VIEW: 403, Licence.SCHOOLS: 401}.get(licence)
        assert await refused(cast, visitor, made) == as_visitor
        for school in (cast.partner, cast.stranger):
            only_here = 403 if licence is Licence.VIEW else None
            assert await refused(cast, school, made) == only_here
        # Who brought it has it back, whatever its licence says to others.
        assert (await cast.lead.said("GET", f"{made['href']}?download=1")).status == 200
    # To look at it on the page is no question of the licence; what no browser shows is taken home.
    assert (await visitor.said("GET", str(shown["href"]))).status == 200
    assert (await visitor.said("GET", str(sheet["href"]))).status == (
        200 if licence in OPEN else 401 if licence is Licence.SCHOOLS else 403
    )


async def test_the_page_says_who_has_to_sign_in(cast: Cast, frame: Frame) -> None:
    await see(frame, cast, Visibility.PUBLIC)
    await added(cast, files.PDF, "课件.pdf")
    remark = "to take it home, please log in"
    said = {"accept-language": "en", "accept": "text/html"}
    visitor = await Tus(cast.lead.app, said).said("GET", f"/lessons/{cast.lesson.id}")
    assert remark in visitor.body.decode()
    partner = Tus(cast.lead.app, {**cast.partner.headers, **said})
    assert remark not in (await partner.said("GET", f"/lessons/{cast.lesson.id}")).body.decode()
