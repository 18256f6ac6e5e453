"""``tongke watch``: what a room would get, measured without a screen."""

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from tongke_streaming.probe.viewing import Viewing


def command(
    url: Annotated[
        str, typer.Argument(help="A WHEP address or an HLS playlist.", show_default=False)
    ],
    token: Annotated[
        str | None,
        typer.Option(
            envvar="TONGKE_TOKEN",
            help="Watch code. In the environment it is not seen in the list of processes.",
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long, from the first picture.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Watch URL for a while and print start time, latency, loss, freezes and bitrate.

    Exit codes: 0 seen; 1 nothing came (not live, or not reachable); 2 refused, or no such address.
    """
    # Media libraries are slow to load, and the server's own processes come through this package.
    from tongke_streaming.probe.viewing import NothingSeen
    from tongke_streaming.probe.watch import watch

    try:
        viewing = asyncio.run(watch(url, token, seconds))
    except NothingSeen as error:
        _fail(str(error), 2 if error.refused else 1)
    if as_json:
        print(json.dumps(viewing.rounded()))
    else:
        Console().print(_table(viewing))


def _table(viewing: "Viewing") -> Table:
    table = Table(show_header=False, box=None)
    picture = f"{viewing.width}x{viewing.height}, {viewing.fps:.1f} pictures a second"
    latency = (
        "the stream does not say" if viewing.latency_s is None else f"{viewing.latency_s:.2f} s"
    )
    rows = {
        "carrier": "WebRTC" if viewing.carrier == "whep" else "HLS",
        "watched": f"{viewing.seconds:.1f} s{', then it ended' if viewing.ended else ''}",
        "start": "-" if viewing.start_s is None else f"{viewing.start_s:.2f} s",
        "latency": latency,
        "picture": "none" if viewing.width is None else picture,
        "sound": "yes" if viewing.sound else "none",
        "bitrate": f"{viewing.kbps:.0f} kbit/s",
        "loss": f"{viewing.loss:.2%}, sent again {viewing.repaired:.2%}",
        "freezes": f"{viewing.freezes} ({viewing.frozen_s:.1f} s)",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _fail(sentence: str, code: int) -> NoReturn:
    print(f"tongke watch: {sentence}", file=sys.stderr)
    raise typer.Exit(code)
