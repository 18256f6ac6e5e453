"""Opening pages as people do, and remembering what went wrong in them."""

from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

PHONE, CLASS_PC, PROJECTOR = 390, 1366, 1920
HEIGHTS = {PHONE: 844, CLASS_PC: 768, PROJECTOR: 1080}


class Browsing:
    """``troubles`` are uncaught errors and breaches of the content security policy."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.troubles: list[str] = []

    async def context(
        self, *, width: int = CLASS_PC, locale: str = "zh-CN", **options: Any
    ) -> BrowserContext:
        """A person at a machine of their own."""
        viewport = {"width": width, "height": HEIGHTS.get(width, 768)}
        context = await self._browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]  # a ViewportSize by another name
            locale=locale,
            **options,
        )
        context.on("page", self._watch)
        self._contexts.append(context)
        return context

    async def open(self, address: str, **options: Any) -> Page:
        """A new person opens an address."""
        context = await self.context(**options)
        page = await context.new_page()
        await page.goto(address)
        return page

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._listen(page, message))

    def _listen(self, page: Page, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.troubles.append(f"{page.url}: {message.text}")

    async def keep_pictures(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        pages = [page for context in self._contexts for page in context.pages]
        for number, page in enumerate(pages, 1):
            await page.screenshot(path=folder / f"{name}-{number}.png")

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()
