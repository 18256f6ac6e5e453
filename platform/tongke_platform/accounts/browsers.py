"""What a browser is called in words, and how one that signed in before is known again."""

import re
import secrets
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from tongke_platform.accounts.keys import Keys

DEVICE_COOKIE = "tongke_device"
NAMES_KEPT = 6
_TAG = 32

# In this order: most browsers also claim to be those further down.
_PROGRAMS = (
    ("wxwork", "WeCom"),
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("Lark|Feishu", "Feishu"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("QQBrowser|MQQBrowser", "QQ Browser"),
    ("QIHU|360SE|360EE", "360"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("OpenHarmony|HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X|Macintosh", "Mac"),
    ("Linux|X11", "Linux"),
)


def browser_words(user_agent: str) -> str:
    """``Chrome · Windows``; empty when nothing is known. Proper names, the same in every language."""
    text = user_agent[:512]
    found = (
        next((name for pattern, name in known if re.search(pattern, text)), "")
        for known in (_PROGRAMS, _SYSTEMS)
    )
    return " · ".join(filter(None, found))


@dataclass(frozen=True)
class Visitor:
    """Where a try comes from. ``device`` is the device cookie's value, not looked at yet."""

    address: str
    user_agent: str = ""
    device: str = ""


def visitor_of(request: HTTPConnection) -> Visitor:
    return Visitor(
        request.client.host if request.client else "",
        request.headers.get("user-agent", ""),
        request.cookies.get(DEVICE_COOKIE, "")[:1024],
    )


def known_device(keys: Keys, visitor: Visitor, name: str) -> str | None:
    """Which device this is, if ``name`` signed in on it before.

    A device cookie as OWASP describes it ("Slow Down Online Guessing Attacks with Device Cookies"):
    those who guess elsewhere cannot use up the tries of this one.
    """
    nonce, *tags = visitor.device.split(".")
    wanted = _tag(keys, nonce, name)
    found = any(secrets.compare_digest(one.encode(), wanted.encode()) for one in tags)
    return nonce if nonce and found else None


def remembered(keys: Keys, device: str, name: str) -> str:
    """The device cookie after ``name`` has signed in; a shared PC remembers several."""
    nonce, *tags = device.split(".")
    tags = [one for one in tags if re.fullmatch(r"[0-9a-f]{32}", one)]
    if not re.fullmatch(r"[\w-]{22}", nonce) or not tags:
        nonce, tags = secrets.token_urlsafe(16), []
    tag = _tag(keys, nonce, name)
    return ".".join([nonce, tag, *(one for one in tags if one != tag)][: NAMES_KEPT + 1])


def _tag(keys: Keys, nonce: str, name: str) -> str:
    return keys.digest("device", nonce, name)[:_TAG]
