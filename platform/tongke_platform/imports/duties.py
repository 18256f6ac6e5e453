"""What schools call the roles, and which role somebody may give by importing."""

import re
import unicodedata
from collections.abc import Mapping

from tongke_platform.people.roles import NAMES, SCOPES, STAFF, Role, Scope
from tongke_platform.rights import Principal

_WORDS: Mapping[Role, str] = {
    Role.SCHOOL_ADMIN: "学校管理员 管理员 校管理员 学校系统管理员 系统管理员 schooladmin admin administrator",
    Role.PRINCIPAL: "校长 副校长 书记 校长书记 园长 负责人 教学点负责人 principal headteacher head",
    Role.ACADEMIC_OFFICE: "教务 教务处 教务主任 教导主任 教导 教务员 教务老师 教学主任 "
    "academicoffice registrar dean",
    Role.IT: "电教 电教员 电教老师 学校电教 信息员 信息中心 网管 网络管理员 信息技术管理员 运维 "
    "it itstaff technician schoolit",
    Role.LEAD_TEACHER: "主讲 主讲教师 主讲老师 leadteacher lead",
    Role.LOCAL_TEACHER: "辅助 辅助教师 辅助老师 助教 远端教师 教师 老师 任课教师 科任教师 任课老师 "
    "专任教师 班主任 localteacher teacher assistantteacher",
    Role.VOLUNTEER: "志愿者 志愿教师 支教 支教教师 支教老师 volunteer",
    Role.RESEARCHER: "教研员 researcher teachingresearcher",
    Role.PROGRAMME_OFFICER: "项目办 项目专员 programmeofficer programmeoffice",
    Role.CHILD_PROTECTION: "儿童保护专员 儿童保护 未成年人保护专员 childprotection "
    "childprotectionofficer",
    Role.BUREAU_ADMIN: "教育局管理员 区县管理员 局管理员 bureauadmin bureauadministrator",
    Role.SUPERVISOR: "督导 督导员 督学 supervisor",
    Role.ADMIN: "平台管理员 超级管理员 platformadmin platformadministrator superadmin",
}


def _key(text: str) -> str:
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", text)).lower()


ROLES: Mapping[str, Role] = {
    **{_key(name): role for role, name in NAMES.items()},
    **{role.value.replace("_", ""): role for role in Role},
    **{word: role for role, words in _WORDS.items() for word in words.split()},
}

# What a row without a role makes somebody: the least a teacher is.
USUAL = Role.LOCAL_TEACHER
_APART = re.compile(r"[、,，;；/|+＋\n]+")


def roles_of(text: str) -> tuple[list[Role], list[str]]:
    """The roles a cell names, and the words that name none."""
    words = [word for word in _APART.split(text) if word.strip()]
    found = {word: ROLES.get(_key(word)) for word in words}
    roles = list(dict.fromkeys(role for role in found.values() if role is not None))
    return roles, [word.strip() for word, role in found.items() if role is None]


def may_give(principal: Principal | None, role: Role) -> bool:
    """Whether an import may make somebody ``role`` at a school; None is the server's operator.

    School administrators give the posts of a school, up to their own.
    """
    if Scope.ORGANISATION not in SCOPES[role] or role is Role.GUARDIAN:
        return False
    if principal is None or role in STAFF:
        return True
    return principal.is_admin or principal.holds(Role.BUREAU_ADMIN)
