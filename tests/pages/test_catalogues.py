"""The catalogues say everything the sources say, in both languages, and nothing else."""

import re

import pytest
from babel.messages.catalog import Catalog, Message

from tongke_platform.pages.catalogues import extract
from tongke_platform.pages.languages import (
    LANGUAGES,
    Language,
    catalogue,
    client_messages,
    translations,
)

PLACE = re.compile(r"%\((\w+)\)s")


def forms(message: Message) -> list[str]:
    if isinstance(message.string, str):
        return [message.string]
    return list(message.string or ())


def ids(messages: Catalog) -> set[str]:
    """Singular and plural of each as one string."""
    found = (message.id for message in messages if message.id)
    return {one if isinstance(one, str) else "\n".join(one) for one in found}


@pytest.fixture(scope="module")
def written() -> set[str]:
    return ids(extract())


@pytest.mark.parametrize("language", LANGUAGES)
def test_says_what_the_sources_say(language: Language, written: set[str]) -> None:
    assert ids(catalogue(language)) == written, "run: python -m tongke_platform.pages.catalogues"


@pytest.mark.parametrize("language", LANGUAGES)
def test_is_complete(language: Language) -> None:
    for message in catalogue(language):
        if message.id:
            assert forms(message), message.id
            assert all(forms(message)), message.id
            assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_keeps_the_places(language: Language) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        original = message.id if isinstance(message.id, str) else message.id[-1]
        for form in forms(message):
            # A singular may leave its number out.
            assert set(PLACE.findall(form)) <= set(PLACE.findall(original)), message.id
        assert set(PLACE.findall(forms(message)[-1])) == set(PLACE.findall(original)), message.id


def test_chinese_is_chinese_and_warm() -> None:
    for message in catalogue("zh_CN"):
        if not message.id:
            continue
        for form in forms(message):
            assert re.search(r"[\u4e00-\u9fff]", form), form
            assert "!" not in form, form
            assert "！" not in form, form
            assert not re.search(r"WebRTC|WHEP|WHIP|HLS", form), form


def test_english_is_english() -> None:
    for message in catalogue("en"):
        if message.id:
            assert not any(re.search(r"[\u4e00-\u9fff]", form) for form in forms(message))


def test_plurals() -> None:
    english = translations("en").ngettext("%(num)s minute", "%(num)s minutes", 1)
    assert english == "%(num)s minute"
    assert translations("en").ngettext("%(num)s minute", "%(num)s minutes", 2).endswith("minutes")
    assert translations("zh_CN").ngettext("%(num)s minute", "%(num)s minutes", 2) == "%(num)s 分钟"


def test_scripts_get_their_messages_only() -> None:
    client = client_messages("zh_CN")
    assert client["Your connection is good"] == ["您的网络良好"]
    assert "Password" not in client
