"""The assembly: puts the slices and the media plane together. Imported by nobody but the CLI."""

from tongke_platform.app.factory import create_app

__all__ = ["create_app"]
