"""Who is told what of a topic: by choice, once, and nobody who may not read it."""

from datetime import date

from tests.boards_reading.stage import Stage
from tests.makers import Someone
from tongke_courses.boards import telling
from tongke_courses.boards.models import Topic, TopicTry
from tongke_platform.notices.texts import words
from tongke_platform.people.roles import Role


async def choose(stage: Stage, who: Someone, follow: str) -> None:
    path = f"/api/groups/{stage.key}/follow"
    assert await stage.of(who, "PUT", path, json={"follow": follow}) == {"follow": follow}
    assert await stage.of(who, "GET", path) == {"follow": follow}


async def test_by_choice(stage: Stage) -> None:
    """By itself what one wrote in or is named in; all, or nothing, when that is chosen."""
    wrote, everything, nothing, follows, muted = [await stage.another() for _ in range(5)]
    topic = await stage.topic("追问")
    assert await stage.of(wrote, "GET", f"/api/groups/{stage.key}/follow") == {"follow": "mine"}
    await choose(stage, everything, "all")
    await choose(stage, nothing, "nothing")
    await choose(stage, follows, "nothing")
    await choose(stage, muted, "all")
    await stage.post(topic, wrote)
    await stage.post(topic, nothing)
    await stage.read(follows, topic, follows=True)
    await stage.read(muted, topic, follows=False)
    await stage.post(topic, stage.head, tell=True)
    people = (wrote, everything, nothing, follows, muted, stage.member, stage.head, stage.stranger)
    told = [await stage.kinds(one) for one in people]
    assert told == [["posted"], ["posted"], [], ["posted"], [], [], [], []]
    (notice,) = await stage.notices(wrote)
    said = words(notice.kind, notice.params, "en", stage.frame.settings.zone)
    assert said.title == f"{stage.head.display_name} wrote in 追问"
    assert notice.link == f"/topics/{topic.id}"


async def test_one_notice_until_it_is_read(stage: Stage) -> None:
    await choose(stage, stage.member, "all")
    topic, other = await stage.topic(), await stage.topic("另一个")
    for _ in range(2):
        await stage.post(topic, stage.head, tell=True)
    last = await stage.post(topic, stage.head, tell=True)
    assert await stage.kinds(stage.member) == ["posted"]
    await stage.post(other, stage.head, tell=True)
    assert await stage.kinds(stage.member) == ["posted"] * 2
    await stage.read(stage.member, topic, last)
    await stage.post(topic, stage.head, tell=True)
    assert await stage.kinds(stage.member) == ["posted"] * 3


async def test_named(stage: Stage) -> None:
    nothing, muted = await stage.another(), await stage.another()
    topic = await stage.topic()
    await choose(stage, nothing, "nothing")
    await stage.read(muted, topic, follows=False)
    everyone = (stage.member, nothing, muted, stage.head, stage.stranger)
    keys = {one.id for one in everyone}
    await stage.post(topic, stage.head, tell=True, mentioned=keys)
    told = [await stage.kinds(one) for one in everyone]
    assert told == [["named"], [], ["named"], [], []], "never the writer, never an outsider"


async def test_who_left_is_told_nothing(stage: Stage) -> None:
    """Also without the schools' date."""
    topic = await stage.topic()
    await choose(stage, stage.member, "all")
    await stage.read(stage.member, topic, follows=True)
    await stage.leave(stage.member)
    await stage.post(topic, stage.head, tell=True, mentioned={stage.member.id})
    async with stage.frame.database.write() as session:
        found = await session.get_one(Topic, topic.id)
        await telling.asked_to_try(session, found, stage.member.id)
    assert await stage.kinds(stage.member) == []


async def test_asked_to_try_once_for_each_time(stage: Stage) -> None:
    topic = await stage.topic("情境导入")
    async with stage.frame.database.write() as session:
        session.add(TopicTry(topic_id=topic.id, person_id=stage.member.id, due_on=date(2030, 1, 7)))
        await session.flush()
        found = await session.get_one(Topic, topic.id)
        for _ in range(2):
            await telling.asked_to_try(session, found, stage.member.id)
    (notice,) = await stage.notices(stage.member)
    said = words(notice.kind, notice.params, "en", stage.frame.settings.zone)
    assert said.title == "You are asked to try out 情境导入"
    assert "2030-01-07" in said.body


async def test_reports_go_to_who_looks_after_the_group(stage: Stage) -> None:
    planner = await stage.another("lead_planner")
    topic = await stage.topic()
    post = await stage.post(topic, stage.head)
    async with stage.frame.database.write() as session:
        found = await session.get_one(Topic, topic.id)
        for _ in range(2):
            await telling.reported(session, found, post)
    assert await stage.kinds(planner) == ["reported"]
    assert await stage.kinds(stage.member) == []
    assert await stage.kinds(stage.head) == [], "it is their own post"


async def test_a_report_nobody_there_can_answer(stage: Stage) -> None:
    """The nearest of those who may appoint a head are told, and not of what."""
    bureau = await stage.make.person(role=Role.BUREAU_ADMIN, region=stage.region)
    platform = await stage.make.person(role=Role.ADMIN)
    elsewhere = await stage.make.person(stage.far, Role.SCHOOL_ADMIN)
    topic = await stage.topic("秘密的题目")

    async def reported() -> None:
        post = await stage.post(topic, stage.head)
        async with stage.frame.database.write() as session:
            found = await session.get_one(Topic, topic.id)
            await telling.reported(session, found, post)

    everybody = (stage.admin, bureau, platform, elsewhere, stage.member, stage.head)
    for nearest in everybody[:3]:
        before = {one.id: len(await stage.notices(one)) for one in everybody}
        await reported()
        told = {one.id: len(await stage.notices(one)) - before[one.id] for one in everybody}
        assert told == {one.id: int(one is nearest) for one in everybody}
        notice = (await stage.notices(nearest))[-1]
        assert (notice.kind, notice.link) == ("board.nobody_answers", f"/groups/{stage.key}")
        assert "秘密的题目" not in str(notice.params)
        assert (await stage.ask(nearest, "GET", notice.link)).status_code == 200
        await stage.switch_off(nearest)
