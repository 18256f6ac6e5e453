"""Who takes part in the demo: two schools that share lessons, and one that has nothing to do with
them. Every name is made up.
"""

from dataclasses import dataclass

from tongke_platform.accounts.models import Role


@dataclass(frozen=True)
class DemoSchool:
    code: str
    name: str
    region: str
    rooms: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class DemoPerson:
    """``key``: the name of the role in the ready file; ``school``: a school's code."""

    key: str
    username: str
    display_name: str
    role: Role
    school: str | None
    what: str


@dataclass(frozen=True)
class DemoLesson:
    """``starts``: minutes from now. ``rooms``: how many of the partner's classrooms it reaches."""

    title: str
    subject: str
    grade: str
    starts: int
    rooms: int


LEAD = DemoSchool("mingde", "明德小学", "江城市", (("三年级（3）班", 42),))
PARTNER = DemoSchool(
    "qingshan",
    "青山乡中心小学",
    "云水县青山乡",
    (("三年级（1）班", 38), ("三年级（2）班", 36), ("桃花坪教学点 复式班", 12)),
)
UNRELATED = DemoSchool("hewan", "河湾小学", "临河县", (("三年级（1）班", 31),))
SCHOOLS = (LEAD, PARTNER, UNRELATED)

PEOPLE = (
    DemoPerson("lead_teacher", "zhouwj", "周文静", Role.LEAD_TEACHER, "mingde", "主讲教师"),
    DemoPerson("local_teacher", "lixl", "李秀兰", Role.LOCAL_TEACHER, "qingshan", "辅助教师"),
    DemoPerson("school_admin", "wangjw", "王建伟", Role.SCHOOL_ADMIN, "mingde", "教务"),
    DemoPerson("researcher", "chengd", "陈国栋", Role.RESEARCHER, "mingde", "教研员"),
    DemoPerson("admin", "admin", "平台管理员", Role.ADMIN, None, "平台管理员"),
    DemoPerson("other_teacher", "hexm", "何晓梅", Role.LEAD_TEACHER, "hewan", "无关学校的教师"),
)
ADMIN, OWNER, OTHER = "admin", "lead_teacher", "other_teacher"

NOW = DemoLesson("古诗三首 · 山行", "语文", "三年级", -5, 3)
EARLIER = DemoLesson("古诗三首 · 预习导读", "语文", "三年级", -100, 2)
LATER = (
    DemoLesson("古诗三首 · 赠刘景文", "语文", "三年级", 60, 3),
    DemoLesson("习作：我们眼中的秋天", "语文", "三年级", 130, 2),
)
