"""What a browser is told it may do on our pages."""

from collections.abc import Iterable

from starlette.requests import Request


def content_security_policy(host: str, media_origins: Iterable[str] = ()) -> str:
    """No inline script or style; media from ourselves and the named origins (CSP Level 3).

    ``host`` is named for WebSockets because ``'self'`` does not cover them in every browser of
    the floor.
    """
    media = " ".join(media_origins)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            f"media-src 'self' blob: {media}".rstrip(),
            f"connect-src 'self' ws://{host} wss://{host} {media}".rstrip(),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def page_headers(request: Request, media_origins: Iterable[str] = ()) -> dict[str, str]:
    """Pages carry tokens in their addresses: no referrer leaves, and no cache keeps them."""
    host = request.headers.get("host", request.url.netloc)
    return {
        "Content-Security-Policy": content_security_policy(host, media_origins),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language, Cookie",
    }
