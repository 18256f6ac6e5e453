"""What a browser says it is, in a few words a person knows."""

import re

# The first that fits: others name these too.
_BROWSERS = (
    ("WeChat", re.compile(r"MicroMessenger/(\d+)")),
    ("360", re.compile(r"QIHU|360SE|360EE")),
    ("QQ", re.compile(r"QQBrowser/(\d+)")),
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"OPR/(\d+)")),
    ("Firefox", re.compile(r"Firefox/(\d+)")),
    ("Chrome", re.compile(r"(?:Headless)?Chrome/(\d+)")),
    ("Safari", re.compile(r"Version/(\d+)\S* (?:Mobile/\S+ )?Safari")),
)
_SYSTEMS = (
    ("Windows 10", re.compile(r"Windows NT 10")),
    ("Windows 8", re.compile(r"Windows NT 6\.[23]")),
    ("Windows 7", re.compile(r"Windows NT 6\.1")),
    ("Windows XP", re.compile(r"Windows NT 5")),
    ("Windows", re.compile(r"Windows")),
    ("HarmonyOS", re.compile(r"HarmonyOS|OpenHarmony")),
    ("Android", re.compile(r"Android")),
    ("iPad", re.compile(r"iPad")),
    ("iPhone", re.compile(r"iPhone")),
    ("macOS", re.compile(r"Mac OS X|Macintosh")),
    ("ChromeOS", re.compile(r"CrOS")),
    ("Linux", re.compile(r"Linux|X11")),
)


def words_of(user_agent: str) -> str:
    """``Chrome 87 · Windows 7``; ``?`` for what names neither."""
    text = user_agent[:1000]
    browser = next((_called(name, found) for name, p in _BROWSERS if (found := p.search(text))), "")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(text)), "")
    return " · ".join(one for one in (browser, system) if one) or "?"


def _called(name: str, found: re.Match[str]) -> str:
    return f"{name} {found[1]}" if found.groups() else name
