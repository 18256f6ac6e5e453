"""Rows of a table of people against the database: in what they say, and what they would change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tongke_platform.database import ReadSession
from tongke_platform.errors import N_
from tongke_platform.imports.asker import Asker
from tongke_platform.imports.cells import Draft, Problem, read_row
from tongke_platform.imports.models import Outcome
from tongke_platform.imports.planning import Place, Planned, Planner, names_of
from tongke_platform.imports.reading import read_sheets
from tongke_platform.imports.repository import KnowledgeRepository, PlaceRepository
from tongke_platform.imports.table import MAX_ROWS, BadFile, is_empty
from tongke_platform.imports.texts import TOO_MANY
from tongke_platform.imports.titles import LABELS, Field, Titles, count_titles, find_titles
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.roles import NAMES, Role

BATCH = 500
SOME = 5000

NO_ROWS = N_("There are no rows below the titles.")
NO_SCHOOL = N_("No school is named, neither in the row nor for the whole file.")
UNKNOWN_SCHOOL = N_("There is no school %(value)s among those you may add people to.")
TWO_SCHOOLS = N_("Several schools are called %(value)s. Please write the school code.")
SAME_AS = N_("Row %(line)s has the same value. Each person has one row.")
NOT_GIVEN = N_("You cannot give the role %(role)s by an import.")

Progress = Callable[[int, int], None]


@dataclass
class Table:
    """A file that was read: its titles by field, and a draft for each row."""

    titles: dict[str, str]
    drafts: list[Draft]


@dataclass
class Judged:
    line: int
    data: dict[str, Any]
    planned: Planned

    @property
    def outcome(self) -> Outcome:
        return self.planned.outcome


@dataclass
class Places:
    """The schools named in a file, by code and by name; ``default`` for rows that name none."""

    by_code: dict[str, Place] = field(default_factory=dict)
    by_name: dict[str, list[Place]] = field(default_factory=dict)
    default: Place | None = None

    def of(self, data: Mapping[str, Any]) -> Place | Problem:
        """A problem carries the field in ``column`` until the title is known."""
        if code := data.get(Field.SCHOOL_CODE):
            place = self.by_code.get(code)
            return place or Problem(UNKNOWN_SCHOOL, Field.SCHOOL_CODE, {"value": code})
        if name := data.get(Field.SCHOOL_NAME):
            found = self.by_name.get(name, [])
            # A column titled 学校 may as well hold codes.
            found = found or [p for p in (self.by_code.get(name),) if p]
            if self.default and self.default in found:
                return self.default
            if len(found) == 1:
                return found[0]
            message = TWO_SCHOOLS if found else UNKNOWN_SCHOOL
            return Problem(message, Field.SCHOOL_NAME, {"value": name})
        return self.default or Problem(NO_SCHOOL, Field.NAME)


def read_people(data: bytes) -> Table:
    """Pure and slow for long files: call it in a thread. Raises BadFile."""
    sheet = max(read_sheets(data, count_titles), key=lambda one: count_titles(one.rows[:30]))
    titles = find_titles(sheet.rows)
    drafts = list(_drafts(sheet.rows, titles))
    if not drafts:
        raise BadFile(NO_ROWS, code="no_rows")
    if len(drafts) > MAX_ROWS:
        raise BadFile(TOO_MANY, code="too_many_rows", limit=MAX_ROWS)
    return Table({field.value: text for field, text in titles.texts.items()}, drafts)


def _drafts(rows: Sequence[Any], titles: Titles) -> Iterator[Draft]:
    for row in rows:
        used = [row.values[c] for c in titles.columns.values() if c < len(row.values)]
        if row.line > titles.last_line and not all(is_empty(value) for value in used):
            yield read_row(row, titles)


async def find_places(
    session: ReadSession, asker: Asker, table: Table, school: Organisation | None, today: date
) -> Places:
    keys = (Field.SCHOOL_CODE, Field.SCHOOL_NAME)
    words = {d.values[k] for d in table.drafts for k in keys if d.values.get(k)}
    return await places_named(session, asker, sorted(words), school, today)


async def places_named(
    session: ReadSession,
    asker: Asker,
    words: Sequence[str],
    school: Organisation | None,
    today: date,
) -> Places:
    """Those of the schools with these codes or names that ``asker`` may write to."""
    places = Places(default=_place(school) if school else None)
    for start in range(0, len(words), SOME):
        some = words[start : start + SOME]
        for one in await PlaceRepository(session).named(some, asker.clause(), today):
            places.by_code[one.code] = _place(one)
            places.by_name.setdefault(one.name, []).append(_place(one))
    return places


def _place(school: Organisation) -> Place:
    return Place(school.id, school.code, school.name)


def settle(table: Table, places: Places, asker: Asker) -> list[tuple[Draft, Place | None]]:
    """Give every draft its school; say what is wrong within the file itself."""
    first: dict[tuple[str, str], int] = {}
    settled: list[tuple[Draft, Place | None]] = []
    for draft in table.drafts:
        found = places.of(draft.values)
        place = found if isinstance(found, Place) else None
        if isinstance(found, Problem):
            draft.problems.append(_titled(found, table.titles))
        _check_roles(draft, asker, table.titles)
        if place is not None:
            _check_twice(draft, place, first, table.titles)
        settled.append((draft, place))
    return settled


def _titled(problem: Problem, titles: Mapping[str, str]) -> Problem:
    column = titles.get(problem.column, "")
    label = "" if column else LABELS[Field(problem.column)]
    return Problem(problem.message, column, problem.params, label)


def _check_roles(draft: Draft, asker: Asker, titles: Mapping[str, str]) -> None:
    for role in map(Role, draft.values["roles"]):
        if not asker.may_give(role):
            name = Field.ROLE if Field.ROLE in titles else Field.POST
            # The role's name is a message of its own, said in the reader's language.
            problem = Problem(NOT_GIVEN, name, {"role": NAMES[role]})
            draft.problems.append(_titled(problem, titles))


def _check_twice(
    draft: Draft, place: Place, first: dict[tuple[str, str], int], titles: Mapping[str, str]
) -> None:
    for name, _, value, code in names_of(draft.values, place):
        before = first.setdefault((value, code), draft.line)
        if before != draft.line:
            draft.problems.append(Problem(SAME_AS, titles[name], {"line": before}))


async def judge(
    session: ReadSession,
    asker: Asker,
    settled: Sequence[tuple[Draft, Place | None]],
    titles: Mapping[str, str],
    today: date,
    progress: Progress = lambda done, total: None,
) -> list[Judged]:
    """What each row would do, without doing it."""
    judged: list[Judged] = []
    for start in range(0, len(settled), BATCH):
        batch = settled[start : start + BATCH]
        judged += await _judge_batch(session, asker, batch, titles, today)
        progress(len(judged), len(settled))
    return judged


async def _judge_batch(
    session: ReadSession,
    asker: Asker,
    batch: Sequence[tuple[Draft, Place | None]],
    titles: Mapping[str, str],
    today: date,
) -> list[Judged]:
    good = [(draft, place) for draft, place in batch if place and not draft.problems]
    planner = await planner_for(session, asker, [(d.values, p) for d, p in good], today)
    judged = []
    for draft, place in batch:
        if place is None or draft.problems:
            planned = Planned(Outcome.WRONG, problems=draft.problems)
        else:
            planned = planner.plan(draft.values, place, titles)
        code = {"school": place.code} if place else {}
        judged.append(Judged(draft.line, {**draft.values, **code}, planned))
    return judged


async def planner_for(
    session: ReadSession,
    asker: Asker,
    rows: Sequence[tuple[Mapping[str, Any], Place]],
    today: date,
) -> Planner:
    keys = [(value, code) for data, place in rows for _, _, value, code in names_of(data, place)]
    knowledge = await KnowledgeRepository(session, asker, today).about(keys)
    return Planner(knowledge, asker.id, today)
