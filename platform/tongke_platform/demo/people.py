"""Who takes part in the demo: two schools that share lessons, and one that has nothing to do with
them. Every name is made up.
"""

from dataclasses import dataclass

from tongke_platform.people.roles import Role


@dataclass(frozen=True)
class DemoSchool:
    code: str
    name: str
    region: tuple[str, str]
    rooms: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class DemoPerson:
    """``key``: the role in the ready file; ``school``, ``region``: codes of where it is held;
    ``also``: other posts at the school.
    """

    key: str
    username: str
    display_name: str
    role: Role
    school: str | None
    what: str
    region: str = "520100"
    also: tuple[Role, ...] = ()


@dataclass(frozen=True)
class DemoClass:
    """``guardian``: name and relation of the one who answers for all of them."""

    grade: int
    name: str
    size: int
    pupils: tuple[str, ...]
    guardian: tuple[str, str]


@dataclass(frozen=True)
class DemoLesson:
    """``starts``: minutes from now, on the day ``day`` days from today. ``rooms``: how many of the
    partner's classrooms it reaches.
    """

    title: str
    subject: str
    grade: str
    starts: int
    rooms: int
    day: int = 0


@dataclass(frozen=True)
class DemoCourse:
    """``lessons``: planned without a time."""

    title: str
    description: str
    term: str
    units: tuple[str, ...]
    lessons: tuple[str, ...] = ()


PROVINCE = ("520000", "云岭省")
LEAD = DemoSchool("mingde", "明德小学", ("420100", "江城市"), (("三年级（3）班", 42),))
PARTNER = DemoSchool(
    "qingshan",
    "青山乡中心小学",
    ("520100", "云水县"),
    (("三年级（1）班", 38), ("三年级（2）班", 36), ("桃花坪教学点 复式班", 12)),
)
UNRELATED = DemoSchool("hewan", "河湾小学", ("520200", "临河县"), (("三年级（1）班", 31),))
SCHOOLS = (LEAD, PARTNER, UNRELATED)

PEOPLE = (
    DemoPerson(
        "lead_teacher",
        "zhouwj",
        "周文静",
        Role.LEAD_TEACHER,
        "mingde",
        "主讲教师、学校管理员",
        also=(Role.SCHOOL_ADMIN,),
    ),
    DemoPerson("local_teacher", "lixl", "李秀兰", Role.LOCAL_TEACHER, "qingshan", "辅助教师"),
    DemoPerson("school_admin", "wangjw", "王建伟", Role.SCHOOL_ADMIN, "mingde", "学校管理员"),
    DemoPerson("academic_office", "xujm", "徐洁敏", Role.ACADEMIC_OFFICE, "mingde", "教务"),
    DemoPerson("principal", "yanghl", "杨海林", Role.PRINCIPAL, "qingshan", "校长"),
    DemoPerson("it", "zhaolei", "赵磊", Role.IT, "qingshan", "电教"),
    DemoPerson("volunteer", "sunyue", "孙悦", Role.VOLUNTEER, "qingshan", "志愿者"),
    DemoPerson("guardian", "madq", "马德全", Role.GUARDIAN, "qingshan", "监护人"),
    DemoPerson("researcher", "chengd", "陈国栋", Role.RESEARCHER, None, "教研员"),
    DemoPerson("bureau_admin", "huangm", "黄敏", Role.BUREAU_ADMIN, None, "教育局管理员"),
    DemoPerson("supervisor", "luozg", "罗振刚", Role.SUPERVISOR, None, "督导"),
    DemoPerson("child_protection", "tangyy", "唐玉英", Role.CHILD_PROTECTION, None, "儿童保护专员"),
    DemoPerson("programme_officer", "fengx", "冯欣", Role.PROGRAMME_OFFICER, None, "项目办公室"),
    DemoPerson("donor", "gaoyf", "高云飞", Role.DONOR, None, "捐赠人"),
    DemoPerson("admin", "admin", "平台管理员", Role.ADMIN, None, "平台管理员"),
    DemoPerson("other_teacher", "hexm", "何晓梅", Role.LEAD_TEACHER, "hewan", "无关学校的教师"),
)
ADMIN, OWNER, OTHER = "admin", "lead_teacher", "other_teacher"
PROPOSES, ACCEPTS = "school_admin", "principal"
PARTNERSHIP = "明德小学 · 青山乡中心小学 结对帮扶"
# Kind, quantity, period.
PROMISES = (("lessons", 20, "term"), ("training", 12, "year"), ("visits", 2, "term"))

CLASS = DemoClass(
    3,
    "（3）班",
    42,
    ("陈思源", "方雨桐", "何子轩", "林一诺", "沈佳怡", "许浩然"),
    ("陈海燕", "mother"),
)
VILLAGE_CLASS = DemoClass(3, "（1）班", 28, (), ("", ""))
LEFT = ("zhenggq", "郑国强")
INVITED = "刘晓燕"
TABLE_NAME = "新学期教师.csv"
TABLE = "姓名,手机号,角色\n程一鸣,13800001111,辅助教师\n贾玉兰,,主讲教师\n"

LAST_WEEK = DemoLesson("古诗三首 · 夜书所见", "语文", "三年级", -60, 3, day=-7)
NOW = DemoLesson("古诗三首 · 山行", "语文", "三年级", -5, 3)
EARLIER = DemoLesson("古诗三首 · 预习导读", "语文", "三年级", -100, 2)
LATER = (
    DemoLesson("古诗三首 · 赠刘景文", "语文", "三年级", 60, 3),
    DemoLesson("习作：我们眼中的秋天", "语文", "三年级", 130, 2),
)

PUBLIC_COURSE = DemoCourse(
    "三年级语文 · 古诗三首",
    "和两所学校的孩子一起读三首秋天的古诗：先听老师读，再自己读，最后画一画诗里的秋天。",
    "2026年秋季学期",
    ("第二单元 · 秋天的诗",),
)
PARTNER_COURSE = DemoCourse(
    "三年级语文 · 同步习作",
    "每两周一次，和结对学校同步上一节习作课。课前看范文，课上互相读，课后互改。",
    "2026年秋季学期",
    ("第一单元 · 猜猜他是谁", "第二单元 · 写日记"),
    ("习作：猜猜他是谁", "习作：写日记", "习作互评：写得像不像"),
)


@dataclass(frozen=True)
class DemoActivity:
    """``day``: days from today, at ``start`` o'clock; ``owed``: by whom (a key of PEOPLE), what, and
    how many days from today.
    """

    title: str
    kind: str
    day: int
    start: int
    place: str
    agenda: str
    minutes: str = ""
    owed: tuple[tuple[str, str, int], ...] = ()


GROUP_NAME = "三年级语文联合教研组"
GROUP_ABOUT = (
    "明德小学与青山乡中心小学的三年级语文老师一起备课、观课、磨课。\n"
    "每两周一次集体备课，教案大家改，课堂上试过再定。"
)
# Who is what in it; the owner is its head.
GROUP_PARTS = (
    ("local_teacher", Role.LEAD_PLANNER),
    ("academic_office", Role.GROUP_MEMBER),
    ("principal", Role.GROUP_MEMBER),
    ("researcher", Role.GROUP_RESEARCHER),
    ("volunteer", Role.OBSERVER),
)
# Who brought it, its name, what it says.
GROUP_FILES = (
    (
        "local_teacher",
        "第二单元识字条（大字版）.txt",
        "铺满 金色 巴掌 水泥道\n规则 凌乱 歌唱 排列\n",
    ),
    (
        "researcher",
        "三年级语文评课记录表.txt",
        "时间\t教师行为\t学生行为\t证据\n\n一、目标达成\n二、远端学生的参与\n三、建议\n",
    ),
)
BOARD_NAME = "《山行》第一轮板书.png"
ACTIVITIES = (
    DemoActivity(
        "第二单元集体备课",
        "collective_planning",
        -9,
        14,
        "线上会议",
        "1. 单元目标\n2. 《铺满金色巴掌的水泥道》分工",
        "定下第二单元五课时的分工；青山班的朗读时间增加 5 分钟；识字条改成大字版。",
    ),
    DemoActivity(
        "《山行》磨课（第二轮）",
        "lesson_refining",
        2,
        15,
        "明德小学录播教室，青山同步",
        "1. 看第一轮 12:40–14:05 的片段\n2. 为什么“坐”字讲不清\n3. 改板书，定第二轮试教的班",
        owed=(
            ("local_teacher", "青山班的学情小结", 0),
            ("lead_teacher", "《山行》教案第二稿", 1),
            ("academic_office", "两校共同空课时段", 2),
        ),
    ),
    DemoActivity(
        "《秋天的雨》同课异构", "same_lesson", 12, 10, "青山乡中心小学", "两校各上一节，课后对比。"
    ),
)
STUDIO_NAME = "云水县小学语文名师工作室"
STUDIO_ABOUT = "面向全县乡村小学语文教师，带着课题研究课堂。"
