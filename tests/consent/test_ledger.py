"""The ledger: who agreed to what, for how long, and what may not be done without it."""

import io
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from PIL import Image

from tests.makers import Makers, Someone
from tongke_platform import pictures
from tongke_platform.accounts import service as accounts
from tongke_platform.classes import service as classes
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.consent import service
from tongke_platform.consent.models import ConsentAct, ConsentWay, LinkKind
from tongke_platform.consent.purposes import WORDS, Purpose
from tongke_platform.consent.repository import LedgerRepository
from tongke_platform.consent.rights import READ
from tongke_platform.consent.service import Guardian, Relation
from tongke_platform.errors import Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Pupil, Room, SchoolClass
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

MOTHER = Guardian("李梅", Relation.MOTHER)


@dataclass
class Setting:
    """A class of two, its room, and the school's administrator."""

    admin: Someone
    by: Principal
    school_class: SchoolClass
    room: Room
    pupils: list[Pupil]

    @property
    def keys(self) -> list[UUID]:
        return [one.id for one in self.pupils]


@pytest.fixture
async def setting(frame: Frame, make: Makers) -> Setting:
    school = await make.school(await make.region())
    admin = await make.person(school, Role.SCHOOL_ADMIN)
    room = await make.room(school)
    async with frame.database.read() as session:
        by = await accounts.principal_of(session, admin.id, frame.today())
        assert by is not None
    async with frame.database.write() as session:
        made = await classes.create_class(session, school, grade=3, name="1班", size=2, by=by)
        listed = [classes.Listed("李小红", "1"), classes.Listed("王小明", "2")]
        await classes.add_pupils(session, made, listed, by=by)
        await ClassRepository(session).seat([room.id], made.id)
    room.class_id = made.id
    async with frame.database.read() as session:
        pupils = [pupil for pupil, _ in await classes.pupils_of(session, made, by=by)]
    return Setting(admin, by, made, room, pupils)


async def ask(
    frame: Frame, setting: Setting, pupils: list[UUID], *purposes: Purpose
) -> dict[UUID, str]:
    async with frame.database.write() as session:
        made = await service.ask(session, frame, setting.by, setting.school_class, pupils, purposes)
    return {pupil.id: token for pupil, token in made}


async def answer(frame: Frame, token: str, *agreed: Purpose) -> str:
    async with frame.database.write() as session:
        return await service.answer(session, frame, token, MOTHER, agreed)


async def held(frame: Frame, pupil: UUID) -> set[Purpose]:
    async with frame.database.read() as session:
        return {*(await service.standing(session, [pupil], frame.today()))[pupil]}


async def recording(frame: Frame, room: Room) -> str:
    """The code of the refusal, or nothing."""
    try:
        async with frame.database.read() as session:
            await service.check_recording(session, room, frame.today())
    except Forbidden as error:
        return error.code
    return ""


async def test_a_class_is_recorded_once_everybody_agreed(frame: Frame, setting: Setting) -> None:
    assert await recording(frame, setting.room) == "no_consent"
    tokens = await ask(frame, setting, setting.keys, Purpose.RECORDING, Purpose.PHOTOGRAPH)
    first, second = setting.keys
    await answer(frame, tokens[first], Purpose.RECORDING)
    assert await held(frame, first) == {Purpose.RECORDING}
    assert await recording(frame, setting.room) == "no_consent"
    receipt = await answer(frame, tokens[second], Purpose.RECORDING)
    assert await recording(frame, setting.room) == ""
    heard: list[str] = []
    frame.events.listen(service.CHANGED, lambda event: heard.append(service.CHANGED))
    async with frame.database.write() as session:
        await service.withdraw(session, frame, receipt, Purpose.RECORDING)
    assert await recording(frame, setting.room) == "no_consent"
    assert heard == [service.CHANGED]


async def test_a_room_without_a_list_is_not_recorded(
    frame: Frame, make: Makers, setting: Setting
) -> None:
    room = await make.room(await make.school())
    assert await recording(frame, room) == "no_class_list"
    setting.room.class_id = None
    assert await recording(frame, setting.room) == "no_class_list"


async def test_a_link_is_good_for_one_answer(frame: Frame, setting: Setting) -> None:
    first = setting.keys[0]
    token = (await ask(frame, setting, [first], Purpose.RECORDING))[first]
    await answer(frame, token, Purpose.RECORDING)
    with pytest.raises(NotFound):
        await answer(frame, token)
    assert await held(frame, first) == {Purpose.RECORDING}


async def test_what_was_not_asked_cannot_be_given(frame: Frame, setting: Setting) -> None:
    first = setting.keys[0]
    token = (await ask(frame, setting, [first], Purpose.RECORDING))[first]
    await answer(frame, token, Purpose.RECORDING, Purpose.CASE_FILE)
    assert await held(frame, first) == {Purpose.RECORDING}


async def test_a_receipt_is_no_question(frame: Frame, setting: Setting) -> None:
    first = setting.keys[0]
    token = (await ask(frame, setting, [first], Purpose.RECORDING))[first]
    receipt = await answer(frame, token, Purpose.RECORDING)
    for wrong, kind in ((token, LinkKind.RECEIPT), (receipt, LinkKind.ASK), ("x", LinkKind.ASK)):
        async with frame.database.read() as session:
            with pytest.raises(NotFound):
                await service.opened(session, frame, wrong, kind)


async def test_an_answer_may_take_back_an_earlier_one(frame: Frame, setting: Setting) -> None:
    first = setting.keys[0]
    for agreed in ([Purpose.RECORDING], []):
        token = (await ask(frame, setting, [first], Purpose.RECORDING))[first]
        await answer(frame, token, *agreed)
    assert await held(frame, first) == set()
    async with frame.database.read() as session:
        acts = [one.act for one in await LedgerRepository(session).of_pupils([first])]
    assert acts == [ConsentAct.GIVEN, ConsentAct.WITHDRAWN]


async def test_links_and_consent_end(frame: Frame, setting: Setting) -> None:
    first, second = setting.keys
    tokens = await ask(frame, setting, [first, second], Purpose.RECORDING)
    await answer(frame, tokens[first], Purpose.RECORDING)
    now = frame.now()
    frame.now = lambda: now + service.ASK_LIFE + timedelta(minutes=1)
    with pytest.raises(NotFound):
        await answer(frame, tokens[second], Purpose.RECORDING)
    assert await held(frame, first) == {Purpose.RECORDING}
    frame.now = lambda: now + timedelta(days=WORDS[Purpose.RECORDING].days + 1)
    assert await held(frame, first) == set()


async def test_other_words_need_another_answer(
    frame: Frame, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = setting.keys[0]
    token = (await ask(frame, setting, [first], Purpose.RECORDING))[first]
    await answer(frame, token, Purpose.RECORDING)
    old = WORDS[Purpose.RECORDING]
    monkeypatch.setitem(
        WORDS, Purpose.RECORDING, type(old)(old.name, old.what + " Also at home.", old.why, 365)
    )
    assert await held(frame, first) == set()


async def test_only_pupils_of_the_class_are_asked(
    frame: Frame, make: Makers, setting: Setting
) -> None:
    with pytest.raises(Invalid, match="at least one pupil"):
        await ask(frame, setting, [UUID(int=7)], Purpose.RECORDING)
    with pytest.raises(Invalid, match="at least one purpose"):
        await ask(frame, setting, setting.keys)


@pytest.mark.parametrize(
    ("name", "relation"),
    [("", "mother"), ("x" * 81, "mother"), ("李梅\0", "mother"), ("李梅", "?")],
)
def test_a_guardian_says_who_they_are(name: str, relation: str) -> None:
    with pytest.raises(Invalid):
        Guardian.of(name, relation)


def photo(kind: str = "JPEG", size: tuple[int, int] = (40, 30), exif: bytes = b"") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "white").save(made, kind, exif=exif)
    return made.getvalue()


async def test_a_paper_form_is_entered_and_read(frame: Frame, setting: Setting) -> None:
    first = setting.keys[0]
    jpeg = await pictures.photograph(photo("PNG"))
    async with frame.database.write() as session:
        await service.enter_paper(
            session, frame, setting.by, first, [Purpose.RECORDING], MOTHER, jpeg
        )
    assert await held(frame, first) == {Purpose.RECORDING}
    async with frame.database.read() as session:
        pupil = await service.pupil_for(session, setting.by, READ, first)
        (form,) = await service.forms_of(session, pupil)
        (event,) = await service.history(session, pupil)
    assert (event.way, event.form_id, event.entered_by_id) == (
        ConsentWay.PAPER, form.id, setting.by.id,
    )  # fmt: skip
    async with frame.database.write() as session:
        assert await service.form_read(session, frame, setting.by, form.id) == jpeg
    (kept,) = service.folder(frame).iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_the_school_withdraws_for_a_guardian(frame: Frame, setting: Setting) -> None:
    first = setting.keys[0]
    token = (await ask(frame, setting, [first], Purpose.RECORDING))[first]
    await answer(frame, token, Purpose.RECORDING)
    async with frame.database.write() as session:
        await service.withdraw_at_school(session, frame, setting.by, first, Purpose.RECORDING)
    assert await held(frame, first) == set()


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
             photo()[:60], b"\x89PNG\r\n\x1a\n" + b"\0" * 40],
)  # fmt: skip
async def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        await pictures.photograph(data)
    assert caught.value.code == "no_picture"


async def test_a_bomb_is_not_unpacked() -> None:
    made = io.BytesIO()
    Image.new("1", (12_000, 6_000)).save(made, "PNG")
    with pytest.raises(Invalid) as caught:
        await pictures.photograph(made.getvalue())
    assert caught.value.code == "picture_too_large"


async def test_a_photo_forgets_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    jpeg = await pictures.photograph(photo(size=(3000, 100), exif=exif.tobytes()))
    assert b"Secret" not in jpeg
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.size == (2400, 80)
