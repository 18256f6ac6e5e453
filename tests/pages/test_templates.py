"""Every template compiles, is fully translated, and keeps to the strict policy."""

import re
from pathlib import Path

import pytest

from tongke_platform.pages.paths import PAGES_DIR
from tongke_platform.pages.rendering import make_environment

TEMPLATES = sorted(str(path.relative_to(PAGES_DIR)) for path in PAGES_DIR.rglob("*.html"))
ENVIRONMENT = make_environment()

# Marks and units that are the same in every language, and the two languages' own names.
SAME_EVERYWHERE = re.compile(r"[\d\s·:：、→›/×.,–—()|]+|English|中文|\b[KMG]B\b")


def source_of(name: str) -> str:
    return (PAGES_DIR / name).read_text("utf-8")


def test_there_are_templates() -> None:
    assert {"base.html", "login.html", "lessons/room.html"} <= set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
def test_compiles(name: str) -> None:
    ENVIRONMENT.get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_has_no_inline_script_or_style(name: str) -> None:
    source = re.sub(r"\{%.*?%\}", "", source_of(name), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", source)
    assert not re.search(r"\son\w+\s*=", source)
    assert "<style" not in source
    assert "javascript:" not in source
    for script in re.findall(r"<script\b([^>]*)>", source):
        assert "src=" in script or 'type="application/json"' in script


def visible_text(name: str) -> str:
    """What a person would read that no expression has printed."""
    # Blocks that fill a class attribute of the layout.
    source = re.sub(r"\{% block (theme|main_class) %\}[\w -]+\{% endblock %\}", "", source_of(name))
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", source)


@pytest.mark.parametrize("name", [name for name in TEMPLATES if "icons" not in name])
def test_says_nothing_untranslated(name: str) -> None:
    words = SAME_EVERYWHERE.sub(" ", visible_text(name))
    assert words.strip() == ""


@pytest.mark.parametrize("name", TEMPLATES)
def test_attributes_that_are_read_out_are_translated(name: str) -> None:
    source = re.sub(r"\{% macro .*?%\}", "", source_of(name))
    # A picture that says nothing the words beside it do not.
    source = source.replace(' alt=""', "")
    for value in re.findall(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"', source):
        assert value.startswith("{{") or value == "https://", value


def test_icons_are_hidden_from_readers() -> None:
    icon = ENVIRONMENT.get_template("macros/icons.html").module.icon("play")  # type: ignore[attr-defined]  # the template's macro
    assert 'aria-hidden="true"' in icon


def test_only_tokens_name_colours_and_fonts() -> None:
    style = PAGES_DIR.parent / "style"
    files: list[Path] = [path for path in style.glob("*.css") if path.name != "tokens.css"]
    assert files
    for path in files:
        text = path.read_text("utf-8")
        assert not re.search(r"#[0-9a-f]{3,8}\b|rgba?\(|font-family", text), path.name
        assert not re.search(r"font-size:\s*\d", text), path.name
