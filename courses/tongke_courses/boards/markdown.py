"""What is written becomes HTML that is safe to show: CommonMark, tables, strikethrough, formulas.

No HTML of the writer's passes. Links lead to http, https and mailto only; pictures are files of the
same group, all others become links. What is left is cleaned once more, so that an error here or in a
library shows too little, not too much.
"""

import html
import re
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.dollarmath.index import math_inline_dollar

MOST_TEXT = 40_000
MOST_MENTIONS = 50
# Names shown as such in one text; those beyond stay words.
MOST_NAMED = 200
# Deeper than anybody writes. Every level costs another pass over what is within.
NESTED = 12
# Every row of a table is filled up to the width of its head: a page of "|" would become megabytes.
MOST_CELLS = 20_000
# Of one formula.
MOST_LINES = 40

# What a text with a formula is made into has this in it.
HAS_FORMULA = re.compile(r'<(?:span|div) class="formula">')
_SAFE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
FILE = re.compile(r"file:([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})", re.IGNORECASE | re.ASCII)
_TAGS = re.compile(r"<[^>]*>")
_BREAKS = re.compile(r"</(?:p|h[3-6]|li|td|th|tr|pre|blockquote|div)>|<br ?/?>|<hr ?/?>")
# A post stands below its page's own headings.
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
_BARE = (
    "p", "br", "hr", "h3", "h4", "h5", "h6", "em", "strong", "s", "blockquote", "code", "pre",
    "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "div", "span",
)  # fmt: skip
# By tag its attributes.
_ALLOWED: dict[str, set[str]] = {
    **{one: set() for one in _BARE},
    "ol": {"start"},
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "loading", "width", "height"},
}
_CLASSES = {
    "span": {"formula", "mention"},
    "div": {"formula"},
    "th": {"center", "right"},
    "td": {"center", "right"},
}

Env = MutableMapping[str, Any]
FileAddress = Callable[[UUID], str]
AttributeFilter = Callable[[str, str, str], str | None]


@dataclass(frozen=True)
class Audience:
    """What a text may point to: ``people`` by the name they are called, who may all read it, and
    ``files`` of the group, whose pages ``address`` gives. Of a picture a smaller one is shown where
    there is one: ``files`` has its width and height, and ``small`` makes an address its own.
    """

    people: Mapping[str, Collection[UUID]] = field(default_factory=dict)
    files: Mapping[UUID, tuple[int, int] | None] = field(default_factory=dict)
    address: FileAddress = str
    small: Callable[[str], str] = str


@dataclass(frozen=True)
class Rendered:
    """``mentioned``: at most MOST_MENTIONS people; ``files``: those shown or led to."""

    html: str
    mentioned: tuple[UUID, ...] = ()
    files: tuple[UUID, ...] = ()


def files_named(text: str) -> set[UUID]:
    """Every file a text may mean; whose they are has to be asked."""
    return {UUID(one) for one in FILE.findall(text)}


def render(text: str, audience: Audience) -> Rendered:
    """``text`` has MOST_TEXT characters at most."""
    env: dict[str, Any] = {"audience": audience, "mentioned": {}, "named": 0, "files": {}}
    parser = _MARKDOWN if _cells(text) <= MOST_CELLS else _NO_TABLES
    made = parser.render(text, env)
    return Rendered(
        _CLEANER.clean(made),
        tuple(env["mentioned"])[:MOST_MENTIONS],
        tuple(env["files"]),
    )


def plain(made: str) -> str:
    """The words of what ``render`` made."""
    lines = _TAGS.sub("", _BREAKS.sub("\n", made)).split("\n")
    return "\n".join(html.unescape(one).strip() for one in lines if one.strip())


def _cells(text: str) -> int:
    """No table of this text can have more."""
    lines = text.split("\n")
    return len(lines) * max(one.count("|") for one in lines)


def _walk(state: StateCore) -> None:
    for token in state.tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
        if style := token.attrs.pop("style", ""):
            token.attrSet("class", str(style).rpartition(":")[2])
        if token.type == "inline":
            token.children = list(_settle(token.children or [], state.env))


def _settle(tokens: Sequence[Token], env: Env) -> Iterator[Token]:
    """Links and pictures lead where they may, and names become mentions; none within a link."""
    opened: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            opened.append(_may_lead(token, env))
            if opened[-1]:
                yield token
        elif token.type == "link_close":
            if opened.pop():
                yield token
        elif token.type == "image":
            yield from _picture(token, env, inside=any(opened))
        elif token.type == "text" and not opened:
            yield from _mentions(token.content, env)
        else:
            yield token


def _may_lead(token: Token, env: Env) -> bool:
    address = str(token.attrGet("href") or "")
    found = FILE.fullmatch(address)
    if found is None:
        return True
    page = _page_of(UUID(found[1]), env)
    if page:
        token.attrSet("href", page)
    return bool(page)


def _page_of(key: UUID, env: Env) -> str:
    """Empty for a file that is not the group's."""
    audience: Audience = env["audience"]
    if key not in audience.files:
        return ""
    env["files"][key] = None
    return audience.address(key)


def _picture(token: Token, env: Env, *, inside: bool) -> Iterator[Token]:
    address, words = str(token.attrGet("src") or ""), token.content
    found = FILE.fullmatch(address)
    if found is not None and (page := _page_of(UUID(found[1]), env)):
        yield from _shown(token, page, UUID(found[1]), env, inside=inside)
        return
    said = Token("text", "", 0, content=words or ("" if found else address))
    if found is not None or inside:
        yield said
        return
    yield Token("link_open", "a", 1, attrs={"href": address})
    yield said
    yield Token("link_close", "a", -1)


def _shown(token: Token, page: str, key: UUID, env: Env, *, inside: bool) -> Iterator[Token]:
    """A smaller picture leads to the whole one."""
    audience: Audience = env["audience"]
    size = audience.files[key]
    token.attrSet("src", audience.small(page) if size else page)
    token.attrSet("loading", "lazy")
    if size:
        token.attrSet("width", str(size[0]))
        token.attrSet("height", str(size[1]))
    if not size or inside:
        yield token
        return
    yield Token("link_open", "a", 1, attrs={"href": page})
    yield token
    yield Token("link_close", "a", -1)


def _mentions(text: str, env: Env) -> Iterator[Token]:
    people, since, at = env["audience"].people, 0, text.find("@")
    names: dict[str, list[str]] | None = None
    while at >= 0 and env["named"] < MOST_NAMED:
        names = _by_first(people) if names is None else names
        name = _name_at(text, at, names)
        if name:
            yield Token("text", "", 0, content=text[since:at])
            yield Token("mention", "span", 0, content=f"@{name}")
            env["mentioned"].update(dict.fromkeys(people[name]))
            env["named"] += 1
            since = at + 1 + len(name)
        at = text.find("@", max(since, at + 1))
    yield Token("text", "", 0, content=text[since:])


def _by_first(people: Mapping[str, Collection[UUID]]) -> dict[str, list[str]]:
    """Names by their first character, the longest first."""
    found: dict[str, list[str]] = {}
    for name in sorted(people, key=len, reverse=True):
        found.setdefault(name[:1], []).append(name)
    return found


def _name_at(text: str, at: int, names: Mapping[str, list[str]]) -> str:
    """The longest name after the ``@`` at ``at``; an address of mail has none."""
    if at and text[at - 1].isascii() and text[at - 1].isalnum():
        return ""
    for name in names.get(text[at + 1 : at + 2], ()):
        end = at + 1 + len(name)
        whole = not (name[-1].isascii() and name[-1].isalnum() and _goes_on(text, end))
        if whole and text.startswith(name, at + 1):
            return name
    return ""


def _goes_on(text: str, end: int) -> bool:
    return text[end : end + 1].isascii() and text[end : end + 1].isalnum()


def _formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """From ``$$`` at the beginning of a line to ``$$`` at the end of one. The library's own rule looks
    through all that follows for every ``$$`` that is never closed.
    """
    if state.is_code_block(start) or not _line(state, start).startswith("$$"):
        return False
    said, at = [_line(state, start)[2:]], start
    while not said[-1].endswith("$$"):
        at += 1
        within = at < min(end, start + MOST_LINES) and state.sCount[at] >= state.blkIndent
        if "$$" in said[-1] or not within or state.isEmpty(at):
            return False
        said.append(_line(state, at))
    if not silent:
        state.line = at + 1
        token = state.push("math_block", "math", 0)
        token.block, token.map = True, [start, state.line]
        token.content = "\n".join(said)[:-2]
    return True


def _line(state: StateBlock, at: int) -> str:
    return state.src[state.bMarks[at] + state.tShift[at] : state.eMarks[at]].rstrip()


def _formula(tag: str) -> Callable[..., str]:
    def made(_renderer: Any, tokens: Sequence[Token], at: int, *_: Any) -> str:
        said = escapeHtml(tokens[at].content.strip())
        return f'<{tag} class="formula">{said}</{tag}>'

    return made


def _mention(_renderer: Any, tokens: Sequence[Token], at: int, *_: Any) -> str:
    return f'<span class="mention">{escapeHtml(tokens[at].content)}</span>'


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        return bool(_SAFE.match(url) or FILE.fullmatch(url))


def _make(*rules: str) -> MarkdownIt:
    made = _Parser("commonmark", {"html": False, "maxNesting": NESTED, "breaks": True})
    made.enable(["strikethrough", *rules])
    made.disable(["html_block", "html_inline"])
    formula = math_inline_dollar(allow_space=False, allow_digits=False)
    made.inline.ruler.before("escape", "math_inline", formula)
    made.block.ruler.before("fence", "math_block", _formula_block)
    made.core.ruler.push("settle", _walk)
    for name, tag in (("math_inline", "span"), ("math_block", "div")):
        made.add_render_rule(name, _formula(tag))
    made.add_render_rule("mention", _mention)
    return made


_MARKDOWN, _NO_TABLES = _make("table"), _make()


def cleaner(attribute_filter: AttributeFilter | None = None) -> nh3.Cleaner:
    """Lets pass what ``render`` makes. ``attribute_filter(tag, name, value)``: the value, or None for
    no such attribute.
    """
    return nh3.Cleaner(
        tags=set(_ALLOWED),
        clean_content_tags={"script", "style"},
        attributes=_ALLOWED,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
        strip_comments=True,
        attribute_filter=attribute_filter,
    )


_CLEANER = cleaner()
