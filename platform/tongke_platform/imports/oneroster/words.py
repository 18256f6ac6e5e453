"""What OneRoster calls roles and writes names, in both directions."""

import re
from collections.abc import Mapping

from tongke_platform.people.roles import Role

# What a roster's word makes somebody who has no post here yet.
ROLES: Mapping[str, Role] = {
    "teacher": Role.LOCAL_TEACHER,
    "aide": Role.LOCAL_TEACHER,
    "administrator": Role.ACADEMIC_OFFICE,
    "counselor": Role.ACADEMIC_OFFICE,
    "principal": Role.PRINCIPAL,
    "siteadministrator": Role.SCHOOL_ADMIN,
}
# Guardians are asked for consent, not signed up; those above a school are appointed by hand.
LEFT_OUT = frozenset(
    {"parent", "guardian", "relative", "proctor", "districtadministrator", "systemadministrator"}
)
_WORDS: Mapping[str, Mapping[Role, str]] = {
    "1.1": {
        Role.LEAD_TEACHER: "teacher",
        Role.LOCAL_TEACHER: "teacher",
        Role.VOLUNTEER: "teacher",
        Role.ACADEMIC_OFFICE: "administrator",
        Role.PRINCIPAL: "administrator",
        Role.SCHOOL_ADMIN: "administrator",
        Role.IT: "administrator",
    }
}
_WORDS_12 = {**_WORDS["1.1"], Role.PRINCIPAL: "principal", Role.SCHOOL_ADMIN: "siteAdministrator"}
_CJK = re.compile(r"[\u3400-\u9fff]")
_LONG_SURNAMES = ("欧阳", "上官", "司马", "诸葛", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐",
                  "司徒", "长孙", "宇文", "东方", "独孤", "南宫")  # fmt: skip


def word_of(role: Role, version: str) -> str | None:
    """None for roles a roster has no place for."""
    return (_WORDS_12 if version == "1.2" else _WORDS["1.1"]).get(role)


def joined(given: str, family: str) -> str:
    if _CJK.search(given + family):
        return family + given
    return f"{given} {family}".strip()


def parted(name: str) -> tuple[str, str]:
    """Given and family name; ``joined`` of them is ``name`` again."""
    if _CJK.search(name):
        length = 2 if name.startswith(_LONG_SURNAMES) and len(name) > 2 else 1
        return name[length:], name[:length]
    given, _, family = name.rpartition(" ")
    return (given, family) if given else (family, "")
