"""npm's oidc-provider as a process of its own, and a browser that signs in there."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from tongke_platform.accounts.oidc import Provider, Providers
from tongke_platform.frame import Frame

HERE = Path(__file__).parent
READY_WITHIN_S = 20.0


@asynccontextmanager
async def provider_running(
    callback: str, people: Mapping[str, Mapping[str, Any]]
) -> AsyncIterator[str]:
    """Its issuer. ``people`` are claims by subject; any password is right there."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "provider.mjs"),
        callback,
        env={**os.environ, "PEOPLE": json.dumps(people)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(READY_WITHIN_S):
            while not (line := await process.stdout.readline()).startswith(b"{"):
                assert line, "the provider did not start"
        yield str(json.loads(line)["issuer"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        # The transport of a killed process closes one turn of the loop later.
        process._transport.close()  # type: ignore[attr-defined]


def use(frame: Frame, issuer: str, **options: Any) -> None:
    provider = Provider(
        key="bureau",
        label="县教育局",
        issuer=issuer,
        client_id="tongke",
        client_secret="a secret of the test",  # type: ignore[arg-type]  # made one by pydantic
        **options,
    )
    frame.providers = Providers([provider])


@dataclass
class There:
    """A browser's cookies at the provider; ``sign_in`` answers with the address it sends back to."""

    client: httpx2.AsyncClient

    async def sign_in(self, address: str, subject: str) -> str:
        """Follow ``address`` through the provider's log-in and consent."""
        for _ in range(12):
            answer = await self.client.get(address)
            if answer.is_redirect:
                address = urljoin(address, answer.headers["location"])
                if urlsplit(address).path.startswith("/login/with/"):
                    return address
                continue
            form = re.search(r'action="([^"]+)"', answer.text)
            assert form is not None, answer.text[:500]
            fields = dict(re.findall(r'name="(prompt)" value="([^"]*)"', answer.text))
            if fields.get("prompt") == "login":
                fields.update(login=subject, password="any")
            answer = await self.client.post(urljoin(address, form[1]), data=fields)
            address = urljoin(address, answer.headers["location"])
        raise AssertionError("the provider never sent back")
