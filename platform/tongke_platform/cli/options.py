"""Settings from the environment and the command line; a wrong one is a sentence, not a trace."""

import sys
from typing import Any, NoReturn

import typer
from pydantic import ValidationError

from tongke_platform.accounts.oidc import read_providers
from tongke_platform.settings import Settings

BAD_INPUT = 2


def fail(message: str, code: int = BAD_INPUT) -> NoReturn:
    """One line on standard error, and out."""
    print(f"tongke: {message}", file=sys.stderr, flush=True)
    raise typer.Exit(code)


def load_settings(**given: Any) -> Settings:
    """What was ``given`` (and is not None) goes before the environment. Exits with 2."""
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
        read_providers(settings.oidc_file)
        return settings
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        fail(f"TONGKE_{name.upper()}: {first['msg']}")
    except ValueError as error:
        fail(str(error))
