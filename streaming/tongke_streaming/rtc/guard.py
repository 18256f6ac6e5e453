"""Work done for one peer after another: one's bug is told to the loop and stops nobody else's."""

import asyncio
from collections.abc import Callable


def safely(what: Callable[[int], None], now_us: int) -> None:
    """A bug met with one peer must not stop everybody's timers."""
    try:
        what(now_us)
    except Exception as error:  # noqa: BLE001 - told to the loop
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"{what.__qualname__} failed", "exception": error}
        )
