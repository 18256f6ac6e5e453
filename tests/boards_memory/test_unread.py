"""What is unread over all of one's groups, a group read at once, and how much one is told of."""

from uuid import UUID, uuid4

from tests.boards.board import Board
from tests.makers import Someone


async def page(board: Board, who: Someone, query: str = "") -> str:
    answer = await board.ask(who, "GET", f"/unread{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def count(board: Board, who: Someone) -> int:
    found = await board.of(who, "GET", "/api/unread")
    return int(found["count"])


async def test_anonymous(board: Board) -> None:
    for method in ("GET", "POST"):
        assert (await board.ask(None, method, "/unread")).status_code == 401


async def test_of_all_groups_the_newest_first(board: Board) -> None:
    other = await board.group(name="数学教研组")
    await board.bring_in(board.member, "group_member", other)
    await board.topic(who=board.head, title="先问的")
    await board.topic(who=board.head, title="后问的", group=other)
    said = await page(board, board.member)
    assert said.index("后问的") < said.index("先问的")
    assert "数学教研组" in said
    for who in (board.left, board.stranger):
        found = await page(board, who)
        assert "先问的" not in found
        assert "You belong to no group yet" in found
    assert "You have read everything" in await page(board, board.head)


async def test_a_group_is_read_at_once_and_no_other(board: Board) -> None:
    other = await board.group(name="数学教研组")
    await board.bring_in(board.member, "group_member", other)
    first = await board.topic(who=board.head, title="先问的")
    await board.topic(who=board.head, title="后问的", group=other)
    await board.topic(who=board.head, title="再问的")
    read = {"act": "read", "group": board.key}
    assert (await board.ask(board.member, "POST", "/unread", data=read)).status_code == 303
    assert await count(board, board.member) == 1
    assert "后问的" in await page(board, board.member)
    await board.reply(first)
    assert await count(board, board.member) == 2


async def test_what_came_after_the_page_was_shown_stays_unread(board: Board) -> None:
    seen = await board.topic(who=board.head, title="看见了")
    upto = seen["last_post_id"]
    assert f'name="upto" value="{upto}"' in await page(board, board.member)
    await board.topic(who=board.head, title="刚来的")
    read = {"act": "read", "group": board.key, "upto": upto}
    assert (await board.ask(board.member, "POST", "/unread", data=read)).status_code == 303
    found = await board.of(board.member, "GET", "/api/unread")
    assert [one["title"] for one in found["topics"]] == ["刚来的"]
    # An old page sent again makes nothing unread.
    again = {"act": "read", "group": board.key, "upto": str(UUID(int=0))}
    assert (await board.ask(board.member, "POST", "/unread", data=again)).status_code == 303
    assert await count(board, board.member) == 1


async def test_following_is_chosen_by_group(board: Board) -> None:
    wanted = {"act": "follow", "group": board.key, "follow": "nothing"}
    assert (await board.ask(board.guest, "POST", "/unread", data=wanted)).status_code == 303
    found = await board.of(board.guest, "GET", f"/api/groups/{board.key}/follow")
    assert found["follow"] == "nothing"
    assert '<option value="nothing" selected>' in await page(board, board.guest)


async def test_who_does_not_belong_and_what_says_nothing(board: Board) -> None:
    for who, group in (
        (board.left, board.key), (board.stranger, board.key), (board.admin, board.key),
        (board.member, str(uuid4())), (board.member, "x"), (board.member, "\0"),
    ):  # fmt: skip
        for more in ({"act": "read"}, {"act": "follow", "follow": "all"}):
            answer = await board.ask(who, "POST", "/unread", data={"group": group, **more})
            assert answer.status_code == 404, (group, more)
    for more in ({}, {"act": "x"}, {"act": "follow"}, {"act": "follow", "follow": "x"}):
        answer = await board.ask(board.member, "POST", "/unread", data={"group": board.key, **more})
        assert answer.status_code == 404, more
    for query in ("?before=x", "?before=%00", f"?before={uuid4()}"):
        await page(board, board.member, query)
