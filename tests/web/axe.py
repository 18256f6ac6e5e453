"""What axe finds on a page as it is shown now."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"

# The rules of WCAG 2.1 AA and of good practice; pages must have none broken.
_RUN = """async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 160))]);
}"""


async def violations(page: Page) -> list[Any]:
    """Empty when the page is clean; the script enters through the debugger, past the policy."""
    await page.evaluate(AXE.read_text("utf-8"))
    found: list[Any] = await page.evaluate(_RUN)
    return found
