"""Choose the viewer an address asks for."""

from urllib.parse import urlsplit

from tongke_streaming.probe.hls import HlsViewer
from tongke_streaming.probe.viewing import NothingSeen, Viewing
from tongke_streaming.probe.whep import WhepViewer


async def watch(url: str, token: str | None, seconds: float) -> Viewing:
    """Watch for ``seconds`` from the first picture on. Raises NothingSeen."""
    address = urlsplit(url)
    if address.scheme not in {"http", "https"} or not address.netloc:
        raise NothingSeen(f"{url}: an address begins with http:// or https://", refused=True)
    if "/whep" in address.path:
        return await WhepViewer(url, token).watch(seconds)
    if address.path.endswith(".m3u8"):
        return await HlsViewer(url, token).watch(seconds)
    raise NothingSeen(f"{url} is neither a WHEP address nor a playlist (.m3u8)", refused=True)
