"""``tongke publish``: send a video file into a lesson as if a camera had filmed it now."""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from tongke_streaming.ingest.publish import Event, Publisher

_SENTENCES: "dict[Event, str]" = {
    "plan": "sending {file}: {sentence}",
    "live": "live",
    "lost": "{reason}",
    "retry": "trying again",
    "end": "done, {sent_s:g} s sent",
}


def command(
    file: Annotated[Path, typer.Argument(help="Any video or sound file.", show_default=False)],
    whip_url: Annotated[str, typer.Argument(help="The lesson's WHIP address.", show_default=False)],
    token: Annotated[
        str | None,
        typer.Option(
            envvar="TONGKE_TOKEN",
            help="Publish code. In the environment it is not seen in the list of processes.",
        ),
    ] = None,
    loop: Annotated[
        bool, typer.Option("--loop", help="Begin again at the end of the file.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Send FILE in real time; go on after a lost link or a restarted server.

    Exit codes: 0 sent, or stopped by a signal; 1 the server could not be reached; 2 the file or the
    address is wrong, or the server refuses.
    """
    # Media libraries are slow to load, and the server's own processes come through this package.
    from tongke_streaming.ingest.inspect import NotMedia, inspect
    from tongke_streaming.ingest.publish import Plan, Publisher, PublishFailed, ffmpeg_program

    if not whip_url.startswith(("http://", "https://")):
        _fail(f"{whip_url}: a WHIP address begins with http:// or https://", 2)

    try:
        plan = Plan(inspect(file), loop)
    except NotMedia as error:
        _fail(str(error), 2)
    language = os.environ.get("LANG", "").partition(".")[0].replace("_", "-")
    publisher = Publisher(
        plan,
        whip_url,
        token,
        program=ffmpeg_program(),
        report=_Reporter(file.name, as_json),
        language=language if len(language) > 1 else None,
    )
    _stop_on_signals(publisher)
    try:
        publisher.run()
    except PublishFailed as error:
        _fail(str(error), 2 if error.bad_input else 1)


class _Reporter:
    """Prints what happens; a person is told the same trouble once, a script every time."""

    def __init__(self, name: str, as_json: bool) -> None:
        self._name = name
        self._as_json = as_json
        self._said: set[str] = set()

    def __call__(self, event: "Event", facts: dict[str, Any]) -> None:
        if self._as_json:
            print(json.dumps({"event": event, **facts}, ensure_ascii=False), flush=True)
            return
        if event == "live":
            self._said.clear()
        text = _SENTENCES[event].format(file=self._name, **facts)
        if text not in self._said:
            self._said.add(text)
            print(text, flush=True)


def _stop_on_signals(publisher: "Publisher") -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: publisher.stop())


def _fail(sentence: str, code: int) -> NoReturn:
    print(f"tongke publish: {sentence}", file=sys.stderr)
    raise typer.Exit(code)
