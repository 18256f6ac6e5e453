"""What the demo's group has said: topics in every state, with a formula, a table and a picture."""

from dataclasses import dataclass

# In a text: the picture of the group's files.
PICTURE = "PICTURE"


@dataclass(frozen=True)
class DemoTopic:
    """``said``: who (a key of PEOPLE) and what, the first begins it. ``at``: the second of the lesson's
    replay it is about. ``steps``: who, the state, what they say. ``tries``: who, and days from today.
    """

    title: str
    said: tuple[tuple[str, str], ...]
    at: int | None = None
    steps: tuple[tuple[str, str, str], ...] = ()
    tries: tuple[tuple[str, int], ...] = ()
    pinned: bool = False
    # Which of ``said`` answer which, and who finds which useful.
    answers: tuple[tuple[int, int], ...] = ()
    useful: tuple[tuple[str, int], ...] = ()


TOPICS = (
    DemoTopic(
        "怎样让远端学生也能“走上”讲台？",
        (
            (
                "principal",
                "青山班有 38 个孩子，上学期一节课平均只有 1 个被叫到。\n\n大家有什么办法？",
            ),
            (
                "researcher",
                (
                    "先把数看清楚。我数了三节课：\n\n"
                    "| 课 | 本班发言 | 青山班发言 | 青山班占比 |\n|---|---:|---:|---:|\n"
                    "| 山行 | 17 | 2 | 10.5% |\n| 赠刘景文 | 14 | 3 | 17.6% |\n"
                    "| 夜书所见 | 12 | 6 | 33.3% |\n\n"
                    "占比按 $p=\\dfrac{n_{\\text{远}}}{n_{\\text{近}}+n_{\\text{远}}}$ 算。"
                ),
            ),
            ("local_teacher", "第三节课我们用了“先远后近”：每问先请青山班答，再请本班补充。"),
        ),
        steps=(
            ("lead_teacher", "adopted", "十一月每位老师都试一次“先远后近”。"),
            ("local_teacher", "tried", "一节课 6 个孩子发言，最后一排也举手了。"),
            ("lead_teacher", "kept", "写进本组的上课约定。"),
        ),
        pinned=True,
        answers=((2, 1),),
        useful=(("lead_teacher", 1), ("local_teacher", 1), ("principal", 2)),
    ),
    DemoTopic(
        "《山行》的“坐”字，学生总理解成“坐下”",
        (
            (
                "lead_teacher",
                (
                    "听这里：青山班三个孩子都说“停下车坐着看枫叶”。\n\n"
                    "**“坐”在这里是“因为”**，怎样讲才不用硬背？"
                ),
            ),
            (
                "local_teacher",
                (
                    "我把“停车坐爱枫林晚”换成孩子的话：“**因为**爱，**所以**停车。”"
                    "先说这句，再回到诗里找“坐”。"
                ),
            ),
            ("researcher", f"板书可以把“停车”和“坐爱”连一条线：\n\n![第一轮板书](file:{PICTURE})"),
            ("academic_office", "@李秀兰 下周二第三节两校都有空，可以试。"),
        ),
        at=4,
        steps=(("lead_teacher", "adopted", "第二轮试教用“因为……所以……”引入。"),),
        tries=(("local_teacher", 4), ("lead_teacher", 6)),
        answers=((1, 0), (2, 0)),
        useful=(("lead_teacher", 1), ("researcher", 1), ("academic_office", 1)),
    ),
    DemoTopic(
        "识字条用大字版，教室后排看得清吗？",
        (
            ("local_teacher", "换成大字版以后，后排孩子不再站起来看了。打印用 A3。"),
            ("lead_teacher", "本班也换。"),
        ),
        steps=(
            ("lead_teacher", "adopted", ""),
            ("local_teacher", "tried", "后排 12 个孩子都能读出来。"),
        ),
    ),
    DemoTopic(
        "课前三分钟放音乐，要不要继续？",
        (
            ("academic_office", "上个月试了课前放古筝曲，想听听大家的看法。"),
            ("local_teacher", "接通晚了两次，音乐放不完，反而乱。"),
        ),
        steps=(
            ("lead_teacher", "adopted", ""),
            ("local_teacher", "tried", "接通时间不定，音乐常被打断。"),
            ("lead_teacher", "dropped", "改成课前看字卡。"),
        ),
    ),
    DemoTopic(
        "习作《我们眼中的秋天》，两校一起写可以吗？",
        (("lead_teacher", "让两边的孩子各写一种景物，再合成一本小册子，大家觉得怎样？"),),
    ),
    DemoTopic(
        "《铺满金色巴掌的水泥道》朗读时间不够",
        (
            (
                "local_teacher",
                (
                    "我们班识字慢，读一遍课文就要 **12 分钟**，后面的练习做不完。\n\n"
                    "- 能不能先只读第 5 到第 9 自然段？\n- 其余的放到课后？"
                ),
            ),
            (
                "lead_teacher",
                (
                    "可以。先听范读，再分组读：\n\n| 步骤 | 分钟 |\n|---|--:|\n| 听范读 | 3 |\n"
                    "| 分组读 | 5 |\n\n这样一共 $3+5=8$ 分钟。请您在班里试一次，再告诉大家效果。"
                ),
            ),
        ),
        steps=(("lead_teacher", "adopted", ""),),
        tries=(("local_teacher", 9),),
    ),
)
