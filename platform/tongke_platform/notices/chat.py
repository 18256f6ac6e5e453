"""Bots of WeCom, DingTalk and Feishu groups, spoken to through apprise.

Only an address at these services' own hosts is ever posted to; ``extra_hosts`` is for tests and for
a county that runs such a service itself.
"""

import asyncio
import json
import re
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from apprise import AppriseAsset, NotifyBase
from apprise.plugins import dingtalk, feishu, wecombot

from tongke_platform.errors import N_, Invalid
from tongke_platform.notices.models import ChatService
from tongke_platform.notices.outcomes import NotSent, Refused, Unsure

HOSTS: Mapping[str, ChatService] = {
    "qyapi.weixin.qq.com": ChatService.WECOM,
    "oapi.dingtalk.com": ChatService.DINGTALK,
    "open.feishu.cn": ChatService.FEISHU,
}
PATHS: Mapping[ChatService, str] = {
    ChatService.WECOM: "/cgi-bin/webhook/send",
    ChatService.DINGTALK: "/robot/send",
    ChatService.FEISHU: "/open-apis/bot/v2/hook/",
}
NAMES: Mapping[ChatService, str] = {
    ChatService.WECOM: N_("WeCom"),
    ChatService.DINGTALK: N_("DingTalk"),
    ChatService.FEISHU: N_("Feishu"),
}
_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}\Z")
LONGEST = 600

WRONG = N_(
    "This is not the address of a group's bot in WeCom, DingTalk or Feishu. Please copy it whole."
)


@dataclass(frozen=True)
class Bot:
    """``base`` is the beginning of an address that is not the service's own."""

    service: ChatService
    key: str
    secret: str = ""
    base: str = ""

    @property
    def hint(self) -> str:
        return self.key[-4:]


def parse(address: str, secret: str = "", extra_hosts: Collection[str] = ()) -> Bot:
    """The address as the chat tool shows it, and a DingTalk bot's signing secret.

    Raises Invalid ``bad_chat``, which does not repeat the address.
    """
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        raise Invalid(WRONG, code="bad_chat") from None
    ours = parts.netloc in extra_hosts and parts.scheme in {"http", "https"}
    official = parts.scheme == "https" and parts.netloc in HOSTS and port is None
    service = _service(parts.netloc, parts.path, official=official)
    if service is None or not (official or ours) or parts.fragment:
        raise Invalid(WRONG, code="bad_chat")
    key = _key(service, parts.path, parts.query)
    if not _KEY.match(key) or (secret and not _KEY.match(secret)):
        raise Invalid(WRONG, code="bad_chat")
    base = "" if official else f"{parts.scheme}://{parts.netloc}"
    return Bot(service, key, secret if service is ChatService.DINGTALK else "", base)


def _service(host: str, path: str, *, official: bool) -> ChatService | None:
    for service, wanted in PATHS.items():
        fits = path.startswith(wanted) if wanted.endswith("/") else path.rstrip("/") == wanted
        if fits and (not official or HOSTS[host] is service):
            return service
    return None


def _key(service: ChatService, path: str, query: str) -> str:
    if service is ChatService.FEISHU:
        return path.removeprefix(PATHS[service]).rstrip("/")
    name = "key" if service is ChatService.WECOM else "access_token"
    found = parse_qs(query).get(name, [])
    return found[0] if len(found) == 1 else ""


def _plugin(bot: Bot) -> NotifyBase:
    options: dict[str, Any] = {
        "asset": AppriseAsset(app_id="Tongke", http_redirects=False, async_mode=False),
        "redirect": "no",
    }
    # Untyped, each of them.
    made: Any = {
        ChatService.WECOM: wecombot.NotifyWeComBot,
        ChatService.DINGTALK: dingtalk.NotifyDingTalk,
        ChatService.FEISHU: feishu.NotifyFeishu,
    }[bot.service]
    if bot.secret:
        options["secret"] = bot.secret
    plugin: NotifyBase = made(bot.key, **options)
    template = "api_url" if bot.service is ChatService.WECOM else "notify_url"
    plugin.request_rate_per_sec = 0  # it would sleep
    if bot.base:
        parts = urlsplit(getattr(plugin, template))
        setattr(
            plugin, template, bot.base + parts.path + ("?" + parts.query if parts.query else "")
        )
    return plugin


class _Listening:
    """``requests`` as the plugins know it, which remembers what became of a post.

    apprise takes any answer of status 200 for success, but these services refuse with 200 and a
    code in the body; and it says the same of a line that never came up and one that broke late.
    """

    def __init__(self) -> None:
        self._heard = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def begin(self) -> None:
        self._heard.trouble = NotSent("nothing was posted")

    @property
    def trouble(self) -> Exception | None:
        found: Exception | None = self._heard.trouble
        return found

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            answer = requests.post(*args, **kwargs)
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            self._heard.trouble = NotSent(type(error).__name__)
            raise
        except requests.ConnectionError as error:
            never = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
            self._heard.trouble = (NotSent if never else Unsure)("ConnectionError")
            raise
        except requests.RequestException as error:
            self._heard.trouble = Unsure(type(error).__name__)
            raise
        self._heard.trouble = _judged(answer)
        return answer


def _judged(answer: requests.Response) -> Exception | None:
    if answer.status_code in {401, 403, 404, 410}:
        return Refused(f"status {answer.status_code}")
    if answer.status_code != 200:
        return NotSent(f"status {answer.status_code}")
    try:
        said = json.loads(answer.content[:10_000])
        code = said.get("errcode", said.get("code", said.get("StatusCode", 0)))
    except (ValueError, AttributeError):
        return NotSent("not understood")
    return NotSent(f"code {code}"[:40]) if code else None


_listening = _Listening()
for _module in (wecombot, dingtalk, feishu):
    vars(_module)["requests"] = _listening


def _post(bot: Bot, text: str) -> None:
    _listening.begin()
    _plugin(bot).send(body=text[:LONGEST])
    if trouble := _listening.trouble:
        raise trouble


async def post(bot: Bot, text: str) -> None:
    """Raises NotSent, Refused and Unsure."""
    await asyncio.to_thread(_post, bot, text)
