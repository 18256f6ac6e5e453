"""Mail: messages made, and handed to one SMTP server (RFC 5321)."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import errors

from tongke_platform.notices.outcomes import NotSent, Refused, Unsure

TIMEOUT_S = 20.0
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class MailServer:
    """``smtp://user:password@host:port`` (STARTTLS wherever it is offered, and always with a
    password unless the server is this machine) or ``smtps://…`` (TLS from the first byte).
    """

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = None

    @classmethod
    def of(cls, url: str) -> "MailServer":
        """Raises ValueError, without the address in it: it holds a password."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("a mail server is smtp://host:port or smtps://host:port")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 587 if parts.username else 25),
            tls=tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    @property
    def start_tls(self) -> bool | None:
        if self.tls:
            return False
        return True if self.password and self.host not in _LOOPBACK else None

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Raises NotSent, Refused (this address, for good) and Unsure."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.tls,
            start_tls=self.start_tls,
            username=self.username,
            password=self.password,
            timeout=TIMEOUT_S,
        )
        try:
            await client.connect()
            await client.mail(sender)
        except (errors.SMTPException, OSError, TimeoutError) as error:
            client.close()
            raise NotSent(_reason(error)) from error
        try:
            await _hand_over(client, message, recipient)
        finally:
            client.close()


async def _hand_over(client: aiosmtplib.SMTP, message: EmailMessage, recipient: str) -> None:
    try:
        await client.rcpt(recipient)
    except errors.SMTPRecipientRefused as error:
        kind = Refused if 500 <= error.code < 600 else NotSent
        raise kind(_reason(error)) from error
    except (errors.SMTPException, OSError, TimeoutError) as error:
        raise NotSent(_reason(error)) from error
    try:
        await client.data(message.as_bytes(policy=SMTP))
    except errors.SMTPResponseException as error:
        kind = Refused if error.code in {552, 554} else NotSent
        raise kind(_reason(error)) from error
    except (errors.SMTPException, OSError, TimeoutError) as error:
        raise Unsure(_reason(error)) from error


def _reason(error: Exception) -> str:
    """The server's code and what kind of trouble; its words may hold an address."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def sender_of(text: str) -> tuple[str, str]:
    """The name and the address of ``同课 <notices@school.example>``. Raises ValueError."""
    name, address = parseaddr(text)
    if "@" not in address:
        raise ValueError("a sender is name@host, or Name <name@host>")
    return name, address


def make_message(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    settings_link: str = "",
    languages: Sequence[str] = (),
) -> EmailMessage:
    """Raises Refused for an address that is none (RFC 5322 section 3.4.1)."""
    name, address = sender_of(sender)
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(name, addr_spec=address)
        message["To"] = Address(addr_spec=to)
    except (MessageError, ValueError, IndexError) as error:
        raise Refused("no mail address") from error
    message["Subject"] = subject
    # RFC 5322 section 3.6.4; the same for every try, so that mailboxes know a repeated one.
    message["Message-ID"] = f"<{message_id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 section 5
    if settings_link:
        message["List-Unsubscribe"] = f"<{settings_link}>"  # RFC 2369 section 3.2
    if languages:
        message["Content-Language"] = ", ".join(languages)
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message
