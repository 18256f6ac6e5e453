"""Waiting for what a page comes to, inside the page, where the strict policy allows no eval."""

import asyncio
from typing import Any

from playwright.async_api import Page


async def until(page: Page, condition: str, seconds: float = 10) -> Any:
    """The value of a JavaScript expression once it is true; looked at at every 50 ms.

    Raises AssertionError with what ``window.tongke`` says when it does not come true in time.
    """
    watch = f"""() => new Promise((resolve) => {{
        const look = () => {{ try {{ return {condition}; }} catch {{ return false; }} }};
        const timer = setInterval(() => {{
            const value = look();
            if (value) {{ clearInterval(timer); resolve(value === true ? true : value); }}
        }}, 50);
    }})"""
    try:
        async with asyncio.timeout(seconds):
            return await page.evaluate(watch)
    except TimeoutError:
        raise AssertionError(f"{condition} never came true: {await state_of(page)}") from None


async def state_of(page: Page) -> Any:
    """What the page says of itself, for messages."""
    return await page.evaluate(
        "() => Object.fromEntries(Object.entries(window.tongke || {})"
        ".map(([name, value]) => [name, value instanceof Node ? value.id : value]))"
    )
