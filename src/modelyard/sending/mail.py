"""Sending by mail."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime

from modelyard import errors
from modelyard.kernel.alert_settings import MailSettings
from modelyard.kernel.values import now

PERMANENT = 500


def require_mail(settings: MailSettings, to: Sequence[str]) -> None:
    """Refuse addresses to which this workspace sends no mail.

    Raises:
        Unsupported: no mail server is set.
        Forbidden: the setting `mail.domains` does not list the domain of an address.
    """
    if not settings.host:
        raise errors.Unsupported(
            "there is no mail server to send by; an instance admin can name one by the setting "
            "mail.host"
        )
    for address in to:
        domain = address.rpartition("@")[2].lower()
        if settings.domains and not any(_fits(domain, each.lower()) for each in settings.domains):
            raise errors.Forbidden(
                f"no mail is sent to {domain}; an instance admin can add it to the setting "
                "mail.domains"
            )


def send(
    settings: MailSettings,
    to: Sequence[str],
    *,
    subject: str,
    text: str,
    key: str,
    seconds: float,
    html: str = "",
) -> str:
    """Hand a message to the mail server; gives what is to be told of receivers it did not take.

    Args:
        settings: of the mail server.
        to: addresses.
        subject: in one line.
        text: in plain letters.
        key: of the message, from which its Message-ID is made: the same each time it is sent.
        seconds: that the server may take for each answer.
        html: the same as HTML; empty: in plain letters alone.

    Raises:
        Unsupported: no mail server is set.
        Forbidden: it may not be sent to one of the addresses.
        Unavailable: the mail server cannot be reached, or does not take the message now.
        Failed: it takes it for none of the addresses, and never will.
    """
    require_mail(settings, to)
    message = _message(settings, to, subject, text, key)
    if html:
        message.add_alternative(html, subtype="html")
    try:
        with _connected(settings, seconds) as server:
            refused = server.send_message(message, to_addrs=list(to))
    except smtplib.SMTPRecipientsRefused as exc:
        said = _refused(exc.recipients)
        if all(code >= PERMANENT for code, _ in exc.recipients.values()):
            raise errors.Failed(said) from exc
        raise errors.Unavailable(said) from exc
    except smtplib.SMTPAuthenticationError as exc:
        raise errors.Unavailable(
            f"the mail server does not let {settings.user} in (code {exc.smtp_code}); see the "
            "settings mail.user and mail.password"
        ) from exc
    except (smtplib.SMTPException, OSError, ssl.SSLError) as exc:
        raise errors.Unavailable(f"the mail server does not take it: {exc}") from exc
    return _refused(refused) if refused else ""


def _connected(settings: MailSettings, seconds: float) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=seconds, context=context
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=seconds)
    try:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.user:
            _sign_in(server, settings)
    except BaseException:
        server.close()
        raise
    return server


def _sign_in(server: smtplib.SMTP, settings: MailSettings) -> None:
    try:
        server.login(settings.user, settings.password)
    except UnicodeEncodeError:  # which holds the password
        raise errors.Unavailable(
            "mail servers are signed in to in ASCII alone; the settings mail.user and "
            "mail.password hold other letters"
        ) from None


def _message(
    settings: MailSettings, to: Sequence[str], subject: str, text: str, key: str
) -> EmailMessage:
    sender = settings.sender or (settings.user if "@" in settings.user else "")
    sender = sender or f"modelyard@{socket.getfqdn()}"
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _refused(recipients: dict[str, tuple[int, bytes]]) -> str:
    said = "; ".join(
        f"{address} ({code} {text.decode('utf-8', 'replace')})"
        for address, (code, text) in recipients.items()
    )
    return f"the mail server does not take it for {said}"


def _fits(domain: str, entry: str) -> bool:
    return domain.endswith(entry[1:]) if entry.startswith("*.") else domain == entry
