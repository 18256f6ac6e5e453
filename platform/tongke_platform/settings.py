"""Every setting of the program. Read once, by the assembly; nothing else looks at the environment."""

import os
import re
import secrets
import socket
from contextlib import suppress
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Role = Literal["web", "worker", "relay", "hls"]
Names = Annotated[list[str], NoDecode]

SECRET_FILE = "secret"

Rate = Annotated[str, Field(pattern=r"^(off|[1-9][0-9]{0,6}/[1-9][0-9]{0,2})$")]


class Settings(BaseSettings):
    """Environment variables with the prefix TONGKE_. Lists are separated by commas."""

    model_config = SettingsConfigDict(env_prefix="TONGKE_", extra="ignore")

    data_dir: Path = Field(
        default=Path("data"),
        description="Where everything embedded lives: database, media, sockets, secret.",
    )
    roles: Annotated[list[Role], NoDecode] = Field(
        default=["web", "worker", "relay", "hls"], description="Which parts this machine runs."
    )
    host: str = Field(default="0.0.0.0", description="Address the web and HLS servers listen on.")
    port: int = Field(default=8000, ge=1, le=65535, description="TCP port of the web server.")
    hls_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="TCP port of the HLS server; unset: the next free one after the web port.",
    )
    hls_base_url: str | None = Field(
        default=None,
        description="Where players reach the HLS server when a proxy or CDN stands in front of it, "
        "for example https://school.example; unset: the host of the request and the HLS port.",
    )
    public_url: str | None = Field(
        default=None,
        description="Where people reach the web server when a proxy stands in front of it; unset: "
        "the host of the request.",
    )
    media_host: str = Field(
        default="0.0.0.0", description="Address the relay's UDP port is bound to."
    )
    media_port: int = Field(
        default=8189, ge=1, le=65535, description="UDP port of all WebRTC sessions."
    )
    media_announce: Names = Field(
        default=[],
        description="Addresses offered to publishers and viewers as candidates; unset: this "
        "machine's own addresses.",
    )
    turn_url: str | None = Field(
        default=None, description="A TURN server offered to clients, turn:host:port."
    )
    database_url: str | None = Field(
        default=None,
        description="sqlite+aiosqlite:///… or postgresql+asyncpg://…; unset: SQLite in data_dir.",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="redis://…, rediss://… or unix://…, shared by several servers for events and "
        "limits; unset: each process keeps its own.",
    )
    storage_url: str | None = Field(
        default=None, description="Where media files are kept, file:///… ; unset: data_dir/media."
    )
    secret: SecretStr | None = Field(
        default=None,
        description="Signs media tokens; unset: made once and kept in data_dir/secret (0600).",
    )
    min_free_bytes: int = Field(
        default=512 << 20,
        ge=0,
        description="Recording stops when the disk has less room than this.",
    )
    upload_max_bytes: int = Field(
        default=2 << 30, ge=1, description="The largest file a person may send."
    )
    upload_person_bytes: int = Field(
        default=8 << 30,
        ge=1,
        description="What one person may have on the way, sent in part or not yet used anywhere.",
    )
    ffmpeg: str | None = Field(
        default=None, description="The ffmpeg to use; unset: the one of the imageio-ffmpeg package."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much is logged."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="For people or for machines."
    )
    timezone: str = Field(
        default="Asia/Shanghai", description="The zone in which a day begins and ends."
    )
    default_language: Literal["zh_CN", "en"] = Field(
        default="zh_CN", description="Language of those whose browser asks for neither."
    )
    mail_url: SecretStr | None = Field(
        default=None,
        description="The server that sends mail, smtp://user:password@host:port (STARTTLS) or "
        "smtps://…; unset: no mail.",
    )
    mail_from: str = Field(
        default="Tongke <tongke@localhost>", description="Whom mail is from: Name <name@host>."
    )
    chat_hosts: Names = Field(
        default=[],
        description="Hosts (host or host:port) besides those of WeCom, DingTalk and Feishu that the "
        "address of a chat group's bot may name, over HTTP too.",
    )
    login_days: int = Field(default=14, ge=1, description="How long a browser stays logged in.")
    require_second_step: bool = Field(
        default=False,
        description="Administrators have their rights only after a second step at sign-in (TOTP).",
    )
    sms_url: SecretStr | None = Field(
        default=None,
        description="Where codes for phones go: a gateway's https://user:password@… , file: for "
        "sms.txt in data_dir, log: to send nothing; unset: no codes by SMS.",
    )
    oidc_file: Path | None = Field(
        default=None,
        description="A JSON file that names OpenID Connect providers to sign in with.",
    )
    media_token_hours: int = Field(
        default=12, ge=1, description="How long a publish or watch token holds."
    )
    rate_signed_in: Rate = Field(
        default="600/20",
        description="How many requests one session, API token or classroom may send at once / and "
        "then per second; off: no limit. Files, playlists and running media do not count.",
    )
    rate_address: Rate = Field(
        default="3000/100",
        description="The same for everybody of one address who has not signed in (yet).",
    )
    rate_address_writes: Rate = Field(
        default="240/2",
        description="Of these, the requests that write: signing in, redeeming links and codes.",
    )

    @field_validator("roles", "media_announce", "chat_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("mail_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        # What is wrong is not repeated: it holds a password.
        known = re.compile(r"smtps?://(.+@)?[^/@:]+(:\d+)?/?$")
        if value is not None and not known.match(value.get_secret_value()):
            raise ValueError("a mail server is smtp://host:port or smtps://host:port")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if not value.isprintable() or "@" not in parseaddr(value)[1]:
            raise ValueError("a sender is name@host, or Name <name@host>")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no time zone is called {value!r}") from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def run_dir(self) -> Path:
        return self.data_dir / "run"

    @property
    def relay_socket(self) -> Path:
        return self.run_dir / "relay.sock"

    @property
    def hls_socket(self) -> Path:
        return self.run_dir / "hls.sock"

    @property
    def sql_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'tongke.db'}"

    @cached_property
    def media_url(self) -> str:
        return self.storage_url or (self.data_dir.resolve() / "media").as_uri()

    @property
    def announced(self) -> list[str]:
        return self.media_announce or own_addresses()

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process to read back."""
        values: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, SecretStr):
                text = value.get_secret_value()
            elif isinstance(value, list):
                text = ",".join(str(part) for part in value)
            else:
                text = str(value)
            values[f"TONGKE_{name.upper()}"] = text
        return values


def signing_secret(settings: Settings) -> bytes:
    """The secret set, or the one of the data folder, made on first use for its owner alone."""
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    path = settings.data_dir / SECRET_FILE
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes().strip()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_urlsafe(48).encode())
    return path.read_bytes().strip()


def own_addresses() -> list[str]:
    """IPv4 addresses of this machine: the one towards the outside first, loopback always last."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        # Connecting a UDP socket sends nothing; it only asks which address would be used.
        probe.connect(("192.0.2.1", 9))
        found.append(probe.getsockname()[0])
    with suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), 0)]
    outside = [one for one in found if ":" not in one and not one.startswith("127.")]
    return [*dict.fromkeys(outside), "127.0.0.1"]
