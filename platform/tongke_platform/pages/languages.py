"""The two languages of the pages, and which of them a request wants."""

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from typing import Literal, get_args

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from starlette.requests import HTTPConnection

from tongke_platform.pages.paths import LOCALE_DIR

Language = Literal["zh_CN", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = "zh_CN"
LANGUAGE_COOKIE = "tongke_language"
HTML_LANGUAGE: Mapping[Language, str] = {"zh_CN": "zh-CN", "en": "en"}


class Translations(NullTranslations):
    """A Babel catalogue read from its .po file, so that nothing has to be compiled."""

    def __init__(self, catalogue: Catalog) -> None:
        super().__init__()
        self._plural = catalogue.plural_expr
        self._num_plurals = catalogue.num_plurals
        self._forms: dict[str, tuple[str, ...]] = {}
        for message in catalogue:
            if not message.id or not message.string:
                continue
            key = message.id if isinstance(message.id, str) else message.id[0]
            forms = (message.string,) if isinstance(message.string, str) else message.string
            self._forms[key] = tuple(forms)

    def gettext(self, message: str) -> str:
        return self._forms.get(message, (message,))[0]

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        forms = self._forms.get(msgid1)
        if forms is None:
            return msgid1 if n == 1 else msgid2
        return forms[min(self._index(n), len(forms) - 1)]

    def _index(self, n: int) -> int:
        return 0 if self._num_plurals == 1 else int(n != 1)

    def of_client(self, messages: frozenset[str]) -> dict[str, list[str]]:
        """The forms of those messages the scripts of a page use."""
        return {key: list(self._forms[key]) for key in sorted(messages) if key in self._forms}


def catalogue(language: Language) -> Catalog:
    """Raises FileNotFoundError when the package was built without its catalogues."""
    path = LOCALE_DIR / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


@cache
def translations(language: Language) -> Translations:
    return Translations(catalogue(language))


@cache
def client_messages(language: Language) -> dict[str, list[str]]:
    """Messages that occur in the TypeScript sources, as catalogued by their locations."""
    found = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue(language)
        if message.id and any(str(file).endswith(".ts") for file, _ in message.locations)
    }
    return translations(language).of_client(frozenset(found))


def named_language(tag: str | None) -> Language | None:
    """The language a tag such as ``zh-Hans-CN``, ``zh_CN`` or ``en-GB`` stands for."""
    primary = (tag or "").strip().replace("_", "-").split("-")[0].lower()
    return {"zh": "zh_CN", "en": "en"}.get(primary)  # type: ignore[return-value]  # str of Literal


def _accepted(header: str) -> Language | None:
    """The best of Accept-Language (RFC 9110 §12.5.4) that there is; None when it names none."""
    ranked: list[tuple[float, int, Language]] = []
    for place, item in enumerate(header.split(",")):
        tag, _, parameter = item.partition(";")
        language = named_language(tag)
        if language is None:
            continue
        try:
            quality = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        if quality > 0:
            ranked.append((-quality, place, language))
    return min(ranked)[2] if ranked else None


def asked_language(connection: HTTPConnection) -> Language | None:
    """The language of ``?lang=``, to be remembered in the cookie."""
    return named_language(connection.query_params.get("lang"))


def language_of(connection: HTTPConnection, default: Language = DEFAULT_LANGUAGE) -> Language:
    """``?lang=``, else the cookie, else Accept-Language, else the default."""
    return (
        asked_language(connection)
        or named_language(connection.cookies.get(LANGUAGE_COOKIE))
        or _accepted(connection.headers.get("accept-language", ""))
        or default
    )
