"""What a group remembers: for its members only, the last decision first, found by what it is about."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete

from tests.boards.board import Board
from tests.boards_memory.conftest import Book
from tests.boards_memory.filling import fill
from tests.makers import Someone
from tests.rules.test_queries import counted
from tongke_courses.boards import indexing
from tongke_courses.materials.models import Material, MaterialKind
from tongke_platform.frame import Frame
from tongke_platform.jobs import Job
from tongke_platform.pages.times import day_words

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)> "><b>'


def api(board: Board) -> str:
    return f"/api/groups/{board.key}/memory"


async def titles(board: Board, **params: Any) -> list[str]:
    found = await board.of(board.guest, "GET", api(board), params=params)
    return [one["title"] for one in found["items"]]


async def page(board: Board, who: Someone | None, query: str = "", status: int = 200) -> str:
    answer = await board.ask(who, "GET", f"/groups/{board.key}/memory{query}")
    assert answer.status_code == status, answer.text
    return answer.text


async def walk(board: Board, title: str, *states: str, **more: Any) -> dict[str, Any]:
    """A topic that came into each of these states."""
    topic = await board.topic(title=title, **more)
    for state in states:
        answer = await board.step(topic, state, note=f"{title}：{state}")
        assert answer.status_code == 200, answer.text
    return topic


async def test_anonymous(board: Board) -> None:
    assert (await board.ask(None, "GET", api(board))).status_code == 401
    assert (await board.ask(None, "GET", f"/groups/{board.key}/memory")).status_code == 401


async def test_who_belongs_reads_and_nobody_else(board: Board) -> None:
    await walk(board, "留用的", "adopted", "tried", "kept")
    for who in (board.head, board.planner, board.member, board.researcher, board.guest):
        assert "留用的" in await page(board, who)
    for who in (board.left, board.stranger, board.admin):
        for path in (api(board), f"/groups/{board.key}/memory", f"/api/groups/{uuid4()}/memory"):
            answer = await board.ask(who, "GET", path)
            assert answer.status_code == 404, path
            assert "留用的" not in answer.text


async def test_nothing_yet_says_what_will_be_there(board: Board) -> None:
    assert "Nothing to remember yet" in await page(board, board.guest)


async def test_the_last_decision_first_and_what_became_of_each(board: Board) -> None:
    await board.topic(title="还没人答")
    first = await walk(board, "先留用的", "adopted", "tried", "kept")
    await walk(board, "后放弃的", "adopted", "tried", "dropped")
    await board.topic(title="后来问的")
    post = (await board.reply(first, text="孩子们**会画**了。"))["id"]
    await board.step(first, "open", post_id=post, note="再想想")
    assert await titles(board) == ["先留用的", "后放弃的", "后来问的", "还没人答"]
    found = await board.of(board.guest, "GET", api(board))
    assert found["counts"] == {"open": 3, "adopted": 0, "tried": 0, "kept": 0, "dropped": 1}
    steps = found["items"][0]["steps"]
    assert [one["state"] for one in steps] == ["adopted", "tried", "kept", "open"]
    assert steps[-1]["words"] == "孩子们会画了。"
    assert found["items"][0]["asked"] == "板书怎么写？"
    said = await page(board, board.guest)
    assert "孩子们会画了。" in said
    assert f"/topics/{first['id']}?to={post}#post-{post}" in said
    await board.of(board.head, "DELETE", f"/api/posts/{post}", json={"reason": "有学生姓名"})
    assert "孩子们会画了" not in await page(board, board.guest)


async def test_numbers_lead_to_their_lists(board: Board) -> None:
    await walk(board, "留用的", "adopted", "tried", "kept")
    await walk(board, "放弃的", "adopted", "tried", "dropped")
    said = await page(board, board.guest, "?state=kept")
    assert "留用的</a>" in said
    assert "放弃的</a>" not in said
    for state in ("kept", "dropped", "tried", "adopted", "open"):
        assert f"/groups/{board.key}/memory?state={state}" in said


async def test_what_is_taken_out_or_merged_is_not_remembered(board: Board) -> None:
    gone = await board.topic(title="撤下的")
    await board.of(board.head, "DELETE", f"/api/topics/{gone['id']}", json={"reason": "重复"})
    assert await titles(board) == []
    assert "撤下的" not in await page(board, board.guest)


async def test_filters(board: Board, book: Book) -> None:
    about = {"kind": "textbook", "id": str(book.unit)}
    await walk(board, "单元里的", "adopted", anchor=about)
    await board.topic(title="组长问的", who=board.head, text="借景抒情")
    assert await titles(board, node_id=str(book.above)) == ["单元里的"]
    assert await titles(board, node_id=str(book.beside)) == []
    assert await titles(board, anchor="textbook") == ["单元里的"]
    assert await titles(board, by=str(board.head.id)) == ["组长问的"]
    assert await titles(board, state="adopted") == ["单元里的"]
    await board.frame.jobs.run_due()
    assert await titles(board, q="借景抒情") == ["组长问的"]
    assert await titles(board, q="没有这样的话") == []
    assert "Nothing answers this" in await page(board, board.guest, "?q=没有这样的话")
    found = await board.of(board.guest, "GET", api(board), params={"q": "借景抒情"})
    assert found["counts"]["open"] == 1
    assert found["counts"]["adopted"] == 0
    choices = {one["name"]: one["topics"] for one in found["nodes"]}
    assert any(one.endswith(book.name) for one in choices)
    said = await page(board, board.guest, f"?node={book.above}")
    assert "单元里的</a>" in said
    assert "组长问的</a>" not in said


async def test_paging(board: Board) -> None:
    for number in range(5):
        await board.topic(title=f"第{number}问")
    first = await board.of(board.guest, "GET", api(board), params={"limit": 3})
    assert first["next"] == 3
    rest = await titles(board, limit=3, offset=3)
    assert [one["title"] for one in first["items"]] + rest == [f"第{n}问" for n in (4, 3, 2, 1, 0)]


async def test_hostile(board: Board) -> None:
    topic = await board.topic(title=HOSTILE, text=HOSTILE)
    await board.step(topic, "adopted", note=HOSTILE)
    said = await page(board, board.guest)
    assert "<script>alert" not in said
    assert "<img src=x" not in said
    for query in ("?state=%00&by=x&node=%27&about=x&offset=-1", "?q=%00", f"?q={'x' * 999}",
                  f"?node={uuid4()}", f"?offset={'9' * 40}"):  # fmt: skip
        await page(board, board.guest, query)
    for params in ({"offset": -1}, {"limit": 999}, {"state": "x"}, {"q": "x" * 201}, {"by": "x"}):
        answer = await board.ask(board.guest, "GET", api(board), params=params)
        assert answer.status_code == 422, params


async def everything(board: Board, book: Book) -> list[dict[str, Any]]:
    """Something of each kind that a topic can be about, some of which not everybody may see."""
    lessons = [await board.make.lesson(board.head) for _ in range(2)]
    asked = {
        "title": "语文",
        "school_id": str(board.school.id),
        "subject": "语文",
        "grade": "三年级",
        "stage": "小学",
    }
    course = (await board.ask(board.head, "POST", "/api/courses", json=asked)).json()["id"]
    async with board.frame.database.write() as session:
        session.add_all(
            materials := [
                Material(title="字表", kind=MaterialKind.LINK, url="https://example.org/", **owner)
                for owner in ({"lesson_id": lessons[0].id}, {"course_id": UUID(course)})
            ]
        )
    return [
        {"kind": "lesson", "id": str(lessons[0].id)},
        {"kind": "moment", "id": str(lessons[1].id), "at_ms": 5000},
        {"kind": "course", "id": course},
        *({"kind": "material", "id": str(one.id)} for one in materials),
        {"kind": "textbook", "id": str(book.unit)},
    ]


async def test_few_queries(board: Board, frame: Frame, book: Book) -> None:
    """As many for twenty topics about anything as for one."""

    async def asked(who: Someone, query: str = "") -> int:
        async def once() -> None:
            await page(board, who, query)

        # Finding out who asks costs two.
        return len(await counted(frame, once, but=())) - 2

    for number, about in enumerate(await everything(board, book)):
        for states in ((), ("adopted",), ("adopted", "tried")):
            await walk(board.unhurried(), f"关于{number}", *states, who=board.head, anchor=about)
    for who in (board.head, board.guest):
        assert await asked(who) <= 6
    assert await asked(board.guest, "?q=关于") <= 6 + ON_POSTGRESQL


# There a transaction is told first how the index is to be read.
ON_POSTGRESQL = 1


async def test_every_answer_is_found(board: Board, frame: Frame) -> None:
    """However many posts of however few topics say it first."""
    talkative = await board.topic(title="很多话")
    await fill(board, talkative, 400)
    async with frame.database.write() as session:
        await session.execute(delete(Job))
    await indexing.follow(frame, UUID(talkative["id"]))
    quiet = [await board.unhurried().topic(title=f"另一个{n}", text="第7条标准") for n in range(3)]
    await board.frame.jobs.run_due()
    first = await board.of(board.guest, "GET", api(board), params={"q": "条", "limit": 2})
    rest = await board.of(
        board.guest, "GET", api(board), params={"q": "条", "limit": 2, "offset": first["next"]}
    )
    found = [one["id"] for one in [*first["items"], *rest["items"]]]
    assert sorted(found) == sorted(one["id"] for one in [talkative, *quiet])
    assert rest["next"] is None
    assert first["counts"]["open"] == 4
    assert await titles(board, q="第399条") == ["很多话"]


async def test_words_of_others_are_not_found(board: Board) -> None:
    other = await board.group(name="数学教研组")
    await board.topic(who=board.head, title="别组的话", group=other)
    await board.topic(title="本组的话")
    await board.frame.jobs.run_due()
    assert await titles(board, q="的话") == ["本组的话"]
    for nothing in ("。", "☃", "' OR 1", '"', "*"):
        assert await titles(board, q=nothing) == [], nothing


async def test_words_that_are_in_another_group_by_now(board: Board) -> None:
    topic = await board.topic()
    said = await board.reply(topic, text="只给本组看")
    assert (await board.step(topic, "adopted", post_id=said["id"])).status_code == 200
    assert "只给本组看" in await page(board, board.guest)
    now = (await board.read(topic))["version"]
    body = {"version": now, "title": "拆出来的", "post_ids": [said["id"]]}
    made = await board.of(board.head, "POST", f"/api/topics/{topic['id']}/split", json=body)
    step = (await board.of(board.guest, "GET", api(board)))["items"][0]["steps"][0]
    assert step["words"] == "只给本组看", "within the group they may be seen"
    to = await board.group(name="二组")
    body = {"version": made["version"], "group_id": to}
    await board.of(board.head, "POST", f"/api/topics/{made['id']}/move", json=body)
    step = (await board.of(board.guest, "GET", api(board)))["items"][0]["steps"][0]
    assert (step["words"], step["post_id"]) == ("", said["id"])
    assert "只给本组看" not in await page(board, board.guest)


async def test_days_are_said_as_at_the_topic(board: Board) -> None:
    topic = await walk(board, "试一试", "adopted")
    day = board.frame.today() + timedelta(days=40)
    path = f"/api/topics/{topic['id']}/tries/{board.member.id}"
    await board.of(board.head, "PUT", path, json={"due_on": day.isoformat()})
    said = await page(board, board.head)
    assert day.isoformat() not in said
    until = day_words(day, board.frame.today(), "en")
    assert f"until {until}" in said
    assert f"until {until}" in (await board.ask(board.head, "GET", f"/topics/{topic['id']}")).text
