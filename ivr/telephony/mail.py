"""E-mail over SMTP (RFC 5321), with STARTTLS or implicit TLS; a Message-ID of its own names each message."""

import smtplib
import ssl
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from ivr.errors import InvalidInput, Unavailable, Undeliverable, Unsure
from ivr.ports import Letter

TIMEOUT_S = 20.0
PERMANENT, OURS = 500, (530, 534, 535, 538)
"""Answers from here on are for good, but for those about our own log-in (RFC 4954), which can be mended."""


class Smtp:
    """A mail server: `smtp://[user:password@]host[:port]` (STARTTLS where offered), or `smtps://…`."""

    def __init__(self, url: str, sender: str) -> None:
        """Raise InvalidInput for an address that is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise InvalidInput("IVR_SMTP_URL: write smtp://user:password@host:port or smtps://…")
        self._parts, self._sender = parts, sender

    def send(self, id: str, letter: Letter) -> str:
        """Send; return the Message-ID. A failure after the text was handed over is Unsure."""
        name, handed_over = f"<{id}@{self._sender.rpartition('@')[2]}>", False
        try:
            server = self._connected()
            try:
                server.ehlo_or_helo_if_needed()
                self._check(server.mail(self._sender))
                self._check(server.rcpt(letter.to))
                handed_over = True
                self._check(server.data(_written(letter, self._sender, name).as_bytes()))
            finally:
                _leave(server)
        except smtplib.SMTPResponseException as error:
            if error.smtp_code >= PERMANENT and error.smtp_code not in OURS:
                raise Undeliverable(f"the mail server refused: {error.smtp_code}") from error
            raise Unavailable(f"the mail server is busy: {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            if handed_over:
                raise Unsure("the mail server's answer was lost") from error
            raise Unavailable("the mail server cannot be reached") from error
        return name

    def find(self, id: str, letter: Letter, since: datetime) -> str | None:
        """Return None: a mail server cannot tell what it has taken."""
        return None

    def _connected(self) -> smtplib.SMTP:
        host = self._parts.hostname or ""
        if self._parts.scheme == "smtps":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, self._parts.port or 465, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(host, self._parts.port or 587, timeout=TIMEOUT_S)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
        if self._parts.username:
            server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
        return server

    def _check(self, answer: tuple[int, bytes]) -> None:
        code, said = answer
        if code >= 400:
            raise smtplib.SMTPResponseException(code, said)


def _leave(server: smtplib.SMTP) -> None:
    """End a connection. Whatever a server says to that, what it has taken it has taken."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _written(letter: Letter, sender: str, name: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = sender, letter.to
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"], message["Message-ID"] = formatdate(), name
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message
