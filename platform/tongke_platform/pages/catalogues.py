"""Bring the catalogues up to date with the sources: ``python -m tongke_platform.pages.catalogues``.

Works in a checkout only. New messages come without a translation, and a test fails until they have
one; messages nobody uses any more are dropped.
"""

from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from tongke_platform.pages.languages import HTML_LANGUAGE, LANGUAGES, Language, catalogue
from tongke_platform.pages.paths import LOCALE_DIR, TEMPLATES_DIR

ROOT = TEMPLATES_DIR.parent
KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
SOURCES = {
    "platform": [("**.py", "python")],
    "courses": [("**.py", "python")],
    "templates": [("pages/**.html", "jinja2"), ("client/**.ts", "javascript")],
}
_OPTIONS = {
    "pages/**.html": {"newstyle_gettext": "true", "trim_blocks": "true"},
    "client/**.ts": {"parse_template_string": "true"},
}


def extract(root: Path = ROOT) -> Catalog:
    """Every message of the pages, scripts and programs, with the files it stands in."""
    found = Catalog(charset="utf-8")
    for folder, methods in SOURCES.items():
        for name, _line, message, comments, context in extract_from_dir(
            root / folder, methods, _OPTIONS, KEYWORDS
        ):
            location = (f"{folder}/{name}", 0)
            found.add(message, locations=[location], auto_comments=comments, context=context)
    return found


def path_of(language: Language) -> Path:
    return LOCALE_DIR / language / "LC_MESSAGES" / "messages.po"


def updated(language: Language, template: Catalog) -> Catalog:
    """The catalogue with what the sources say now; English says what the sources say."""
    current = catalogue(language) if path_of(language).exists() else Catalog(language)
    current.header_comment = f"# Tongke in {HTML_LANGUAGE[language]}."
    current.project, current.version, current.fuzzy = "Tongke", "1", False
    current.update(template, no_fuzzy_matching=True, update_creation_date=False)
    current.obsolete.clear()
    if language == "en":
        for message in current:
            if message.id:
                message.string = message.id
    return current


def main() -> None:
    template = extract()
    for language in LANGUAGES:
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with_messages = updated(language, template)
        with path.open("wb") as file:
            write_po(
                file, with_messages, width=100, sort_output=True, include_lineno=False,
                omit_header=False, ignore_obsolete=True,
            )  # fmt: skip
        missing = sum(1 for one in with_messages if one.id and not any(one.string or ()))
        print(f"{path.relative_to(ROOT)}: {len(with_messages)} messages, {missing} untranslated")


if __name__ == "__main__":
    main()
