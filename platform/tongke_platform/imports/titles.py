"""Which column is what: titles as schools write them, wherever in the sheet they stand."""

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tongke_platform.errors import N_
from tongke_platform.imports.table import BadFile, Row, Value

SEARCHED_ROWS = 30


class Field(StrEnum):
    NAME = "name"
    NUMBER = "number"
    PHONE = "phone"
    MAIL = "mail"
    SCHOOL_CODE = "school_code"
    SCHOOL_NAME = "school_name"
    ROLE = "role"
    POST = "post"
    STARTS_ON = "starts_on"


LABELS: Mapping[Field, str] = {
    Field.NAME: N_("Full name"),
    Field.NUMBER: N_("Staff number"),
    Field.PHONE: N_("Phone"),
    Field.MAIL: N_("Mail"),
    Field.SCHOOL_CODE: N_("School code"),
    Field.SCHOOL_NAME: N_("School"),
    Field.ROLE: N_("Role"),
    Field.POST: N_("Post"),
    Field.STARTS_ON: N_("Starts on"),
}

_WORDS: Mapping[Field, str] = {
    Field.NAME: "姓名 教师姓名 教职工姓名 老师姓名 人员姓名 员工姓名 名字 真实姓名 name fullname "
    "displayname teachername staffname personname",
    Field.NUMBER: "工号 职工号 教工号 教职工号 教师工号 教职工编号 教师编号 职工编号 员工编号 "
    "员工号 人员编号 编号 staffnumber staffno staffid employeenumber employeeno employeeid number",
    Field.PHONE: "手机 手机号 手机号码 电话 电话号码 联系电话 联系方式 移动电话 联系手机 本人手机 "
    "本人手机号 手机电话 phone phonenumber mobile mobilephone mobilenumber cell telephone tel",
    Field.MAIL: "邮箱 电子邮箱 邮件 电子邮件 邮箱地址 邮件地址 电邮 mail email mailaddress "
    "emailaddress",
    Field.SCHOOL_CODE: "学校代码 学校编码 学校编号 学校标识码 学校标识 单位代码 单位编码 机构代码 "
    "机构编码 schoolcode orgcode organisationcode organizationcode",
    Field.SCHOOL_NAME: "学校 学校名称 所在学校 所属学校 任教学校 单位 单位名称 所在单位 工作单位 机构 "
    "机构名称 school schoolname organisation organization",
    Field.ROLE: "角色 平台角色 系统角色 用户角色 身份 人员类别 人员类型 权限 role roles userrole",
    Field.POST: "职务 岗位 职位 岗位名称 职务名称 行政职务 任职岗位 post position jobtitle title",
    Field.STARTS_ON: "入职日期 入职时间 到岗日期 到岗时间 任职日期 任职时间 到校日期 到校时间 "
    "来校时间 开始日期 起始日期 startson startdate start joined joinedon dateofentry",
}
FIELDS: Mapping[str, Field] = {
    word: field for field, words in _WORDS.items() for word in words.split()
}

_BRACKETS = re.compile(r"[(（【\[].*?[)）】\]]")
_NOISE = re.compile(r"[\s*:：_\-./、*★]+")

NO_NAMES = N_("The table has no column of names.")
NO_CONTACT = N_("The table needs a column with staff numbers, phone numbers or mail addresses.")
TWICE = N_("Two columns are both titled as %(title)s. Please keep one of them.")


@dataclass(frozen=True)
class Titles:
    """``columns`` is where each field stands, ``texts`` what its title says in the file.

    ``last_line`` is the number of the last line of titles.
    """

    columns: Mapping[Field, int]
    texts: Mapping[Field, str]
    last_line: int


def field_of(value: Value) -> Field | None:
    """The field a title names; spaces, stars and what stands in brackets do not matter."""
    if not isinstance(value, str) or len(value) > 60:
        return None
    text = unicodedata.normalize("NFKC", value).lower()
    return FIELDS.get(_NOISE.sub("", _BRACKETS.sub("", text)))


def count_titles(rows: Sequence[Row]) -> int:
    """How many columns the best row of titles names; 0 without one that could be such a row."""
    found = _best(rows)
    return len({one for one in found[1] if one is not None}) if found else 0


def find_titles(rows: Sequence[Row]) -> Titles:
    """Titles may stand below a heading, and in two rows merged over each other.

    Raises BadFile when there are none, when two say the same, when a needed one is missing.
    """
    found = _best(rows)
    if found is None:
        raise BadFile(NO_NAMES, code="no_titles")
    line, fields, texts = found
    columns: dict[Field, int] = {}
    for column, field in enumerate(fields):
        if field is None:
            continue
        if field in columns:
            raise BadFile(TWICE, code="title_twice", title=texts[column])
        columns[field] = column
    if Field.NAME not in columns:
        raise BadFile(NO_NAMES, code="no_names")
    if not columns.keys() & {Field.NUMBER, Field.PHONE, Field.MAIL}:
        raise BadFile(NO_CONTACT, code="no_contact")
    said = {field: texts[column] for field, column in columns.items()}
    return Titles(columns, said, line)


_Candidate = tuple[int, list[Field | None], list[str]]


def _best(rows: Sequence[Row]) -> _Candidate | None:
    head = rows[:SEARCHED_ROWS]
    candidates = [_single(row) for row in head]
    candidates += [_merged(a, b) for a, b in itertools.pairwise(head)]
    # At equal counts the one that stands first: a single row before two read as one.
    best = max(candidates, key=lambda one: sum(f is not None for f in one[1]), default=None)
    return best if best and any(best[1]) else None


def _single(row: Row) -> _Candidate:
    return row.line, [field_of(v) for v in row.values], [_text(v) for v in row.values]


def _merged(above: Row, below: Row) -> _Candidate:
    """A title merged over two rows stands in the upper one; below a group stand its own."""
    width = max(len(above.values), len(below.values))
    upper, lower = _padded(above, width), _padded(below, width)
    both = [(low if field_of(low) else up) for up, low in zip(upper, lower, strict=True)]
    # A person's row under the titles is not part of them.
    if not any(field_of(low) for low in lower):
        both = []
    return below.line, [field_of(v) for v in both], [_text(v) for v in both]


def _padded(row: Row, width: int) -> list[Value]:
    return [*row.values, *([None] * (width - len(row.values)))]


def _text(value: Value) -> str:
    return " ".join(value.split())[:40] if isinstance(value, str) else ""
