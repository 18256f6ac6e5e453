"""The slides of the built-in lesson: Du Mu's "Walking in the Mountains", grade three."""

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from tongke_platform.demo.fonts import font

WIDTH, HEIGHT = 1280, 720
PAPER, INK, MUTED, LINE = "#FAF8F3", "#1F2A2E", "#5B6770", "#E3DFD5"
ACCENT, TINT, MAPLE = "#0E7C66", "#E4F2EE", "#C8372D"

POEM = ("远上寒山石径斜", "白云生处有人家", "停车坐爱枫林晚", "霜叶红于二月花")
# Vowel and tone of each character, for the voice.
READINGS = (
    "a3 a4 a2 a1 i2 i4 e2",
    "a2 u2 e1 u4 o3 e2 a1",
    "i2 e1 o4 a4 e1 i2 a3",
    "a1 e4 o2 u2 e4 e4 a1",
)


@dataclass(frozen=True)
class Slide:
    """``path``: where the pointer goes, (share of the slide's time, x, y).

    It stays left of the teacher and the clock, and above the lower edge by a hand.
    """

    picture: Image.Image
    path: tuple[tuple[float, int, int], ...]


def _blank(heading: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, WIDTH, 72), fill=ACCENT)
    draw.text((48, 36), "三年级语文 · 古诗三首", font=font(26), fill="#FFFFFF", anchor="lm")
    draw.text((48, 126), heading, font=font(40, "bold"), fill=INK, anchor="lm")
    draw.line((48, 166, WIDTH - 330, 166), fill=LINE, width=2)
    return picture, draw


def _title() -> Slide:
    picture, draw = _blank("今天我们学习")
    draw.text((470, 330), "山  行", font=font(150, "bold"), fill=INK, anchor="mm")
    draw.text((470, 470), "〔唐〕杜牧", font=font(44), fill=MUTED, anchor="mm")
    draw.text((470, 590), "明德小学　周文静老师", font=font(30), fill=ACCENT, anchor="mm")
    return Slide(picture, ((0.0, 840, 590), (0.35, 330, 420), (0.7, 610, 420), (1.0, 500, 520)))


def _poem() -> Slide:
    picture, draw = _blank("读一读，注意停顿")
    path: list[tuple[float, int, int]] = []
    for number, line in enumerate(POEM):
        y = 238 + number * 112
        for index, character in enumerate(line):
            x = 110 + index * 98 + (28 if index >= 4 else 0) + (14 if index >= 2 else 0)
            draw.text((x, y), character, font=font(70), fill=INK, anchor="mm")
        draw.text((854, y + 26), "，。，。"[number], font=font(50), fill=INK, anchor="mm")
        path += [(number / 4 + 0.01, 90, y + 52), (number / 4 + 0.22, 800, y + 52)]
    return Slide(picture, (*path, (1.0, 800, 590)))


def _words() -> Slide:
    picture, draw = _blank("词语解释")
    words = [
        ("寒山", "深秋季节的山"),
        ("石径", "石头铺成的小路"),
        ("斜", "弯弯曲曲，伸向远处"),
        ("坐", "因为（古今意思不同）"),
        ("霜叶", "经霜变红的枫叶"),
    ]
    path: list[tuple[float, int, int]] = []
    for number, (word, meaning) in enumerate(words):
        y = 224 + number * 94
        draw.rounded_rectangle((60, y - 36, 222, y + 36), 12, fill=TINT)
        draw.text((141, y), word, font=font(44, "bold"), fill=ACCENT, anchor="mm")
        draw.text((256, y), meaning, font=font(40), fill=INK, anchor="lm")
        path += [(number / 5, 180, y + 44), (number / 5 + 0.15, 560, y + 44)]
    return Slide(picture, (*path, (1.0, 560, 590)))


def _ridge(draw: ImageDraw.ImageDraw, base: int, height: int, seed: int, fill: str) -> None:
    points = [(0, HEIGHT)]
    for x in range(0, WIDTH + 20, 20):
        wave = math.sin(x / 170 + seed) + 0.5 * math.sin(x / 61 + seed * 2)
        points.append((x, base - round(height * (0.6 + 0.4 * wave))))
    draw.polygon([*points, (WIDTH, HEIGHT)], fill=fill)


def _scene() -> Slide:
    picture, draw = _blank("想象画面")
    draw.rectangle((0, 180, WIDTH, HEIGHT), fill="#EAF0EE")
    _ridge(draw, 420, 190, 1, "#BFD0CD")
    for x, y in ((300, 330), (640, 300), (860, 345)):
        for shift, radius in ((-60, 26), (-20, 36), (30, 32), (70, 22)):
            box = (x + shift - radius, y - radius, x + shift + radius, y + radius)
            draw.ellipse(box, fill="#FFFFFF")
    draw.polygon(((610, 262), (650, 236), (690, 262)), fill=MUTED)
    draw.rectangle((620, 262, 680, 296), fill="#D8C9A8")
    _ridge(draw, 540, 150, 3, "#8FA8A2")
    path = [(200 + 300 * math.sin(t / 4) + t * 14, 700 - t * 13) for t in range(30)]
    draw.line(path, fill="#E9E2CF", width=16, joint="curve")
    _ridge(draw, 690, 110, 5, "#6E5A44")
    leaves = random.Random(3)
    for _ in range(420):
        left, top = leaves.gauss(240, 190), leaves.gauss(580, 46)
        shade = leaves.choice((MAPLE, "#D9572D", "#E07B39", "#A82A24"))
        draw.ellipse((left, top, left + 18, top + 14), fill=shade)
    draw.text((60, 216), "远山 · 石径 · 白云 · 人家 · 枫林", font=font(32), fill=INK, anchor="lm")
    return Slide(
        picture,
        ((0.0, 300, 420), (0.25, 480, 560), (0.5, 600, 350), (0.7, 660, 300), (1.0, 300, 590)),
    )


def _question() -> Slide:
    picture, draw = _blank("想一想，举起你的答题卡")
    draw.text((60, 226), "诗人为什么把车停下来？", font=font(48, "bold"), fill=INK, anchor="lm")
    answers = ("因为山路太难走", "因为喜爱傍晚的枫林", "因为天色已经晚了")
    path: list[tuple[float, int, int]] = [(0.0, 600, 280)]
    for number, answer in enumerate(answers):
        y = 336 + number * 116
        draw.rounded_rectangle((60, y - 44, 860, y + 44), 14, fill="#FFFFFF", outline=LINE, width=3)
        draw.ellipse((84, y - 30, 144, y + 30), fill=ACCENT)
        draw.text((114, y), "ABC"[number], font=font(36, "bold"), fill="#FFFFFF", anchor="mm")
        draw.text((176, y), answer, font=font(40), fill=INK, anchor="lm")
        path.append((0.25 + number * 0.2, 620, y + 40))
    return Slide(picture, (*path, (1.0, 620, 492)))


def _homework() -> Slide:
    picture, draw = _blank("课后作业")
    tasks = ("背诵并默写《山行》", "用自己的话说说诗里的画面", "画一画你家乡的秋天")
    path: list[tuple[float, int, int]] = []
    for number, task in enumerate(tasks):
        y = 260 + number * 120
        draw.rounded_rectangle((66, y - 26, 118, y + 26), 8, outline=ACCENT, width=4)
        draw.text((150, y), f"{number + 1}. {task}", font=font(44), fill=INK, anchor="lm")
        path += [(number / 3, 150, y + 48), (number / 3 + 0.25, 640, y + 48)]
    draw.text((66, 640), "下节课：《赠刘景文》", font=font(32), fill=MUTED, anchor="lm")
    return Slide(picture, (*path, (1.0, 700, 590)))


def make_slides() -> list[Slide]:
    return [_title(), _poem(), _words(), _scene(), _question(), _homework()]
