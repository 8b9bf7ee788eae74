"""What `madoguchi doctor` looks at in this service beside what all services share: the relays of mail, and mails that
nobody has taken."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPResponseException, SMTPSenderRefused
from kit.doctor.practice import Hidden, Organ, Patient, Practice, Symptom, ill, well

from notifications.channels import COMMAND_SECONDS, CONNECT_SECONDS, Relay
from notifications.settings import Settings

# The contexts are those of `commands` and `courier`.
HIDDEN = (
    Hidden("contacts", "contact", "'contact:' || account_id"),
    Hidden("messages", "content", "'content:' || id"),
    Hidden("messages", "recipient", "'recipient:' || id"),
)
UNSENT_OLD_SECONDS = 900

_FAILED = """
SELECT count(*) AS mails, (array_agg(id ORDER BY seq DESC))[1] AS newest,
       (array_agg(last_code ORDER BY seq DESC))[1] AS code
FROM messages WHERE state IN ('failed', 'unknown') AND finished_at > now() - interval '1 day'
"""
_UNSENT = """
SELECT count(*) AS mails, extract(epoch FROM now() - min(queued_at)) AS seconds FROM messages
WHERE state IN ('queued', 'sending', 'retry')
"""


async def relays(patient: Patient) -> Sequence[Symptom]:
    """Each relay up to the sender, and no further: nothing is sent."""
    settings: Settings = patient.settings
    return [await _relay(relay, settings.mail_from) for relay in settings.smtp_relays]


async def _relay(relay: Relay, sender: str) -> Symptom:
    name = relay.name
    try_it = f"openssl s_client -starttls smtp -connect {name}" if relay.starttls else f"nc {relay.host} {relay.port}"
    client = SMTP(
        hostname=relay.host,
        port=relay.port,
        start_tls=False,
        local_hostname=socket.gethostname(),
        timeout=COMMAND_SECONDS,
    )
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect()
            await client.ehlo()
    except (SMTPException, OSError, TimeoutError) as error:
        said = f"the mail server {name} does not answer ({type(error).__name__})"
        return ill(Organ.SMTP, said, f"{try_it}; compare MADOGUCHI_SMTP_RELAYS, and the network policy's way out")
    try:
        if relay.starttls:
            if not client.supports_extension("starttls"):
                said = f"the mail server {name} offers no STARTTLS, which MADOGUCHI_SMTP_RELAYS asks for"
                return ill(Organ.SMTP, said, f"{try_it}; its operator has to switch TLS on")
            await client.starttls()
        if relay.password is not None:
            await client.login(relay.username or "", relay.password.get_secret_value())
        await client.mail(sender)
        await client.rset()
    except SMTPAuthenticationError as error:
        said = f"the mail server {name} refuses our login ({error.code})"
        return ill(Organ.SMTP, said, "compare username and password in MADOGUCHI_SMTP_RELAYS with the relay's")
    except SMTPSenderRefused as error:
        said = f"the mail server {name} refuses the sender {sender} ({error.code})"
        return ill(Organ.SMTP, said, "its operator has to let us send as MADOGUCHI_MAIL_FROM from this address")
    except SMTPResponseException as error:
        return ill(Organ.SMTP, f"the mail server {name} refuses us before any mail ({error.code})", try_it)
    except (SMTPException, OSError, TimeoutError) as error:
        said = f"the mail server {name} breaks off before any mail ({type(error).__name__}: TLS, or a certificate?)"
        return ill(Organ.SMTP, said, try_it)
    finally:
        client.close()
    tls = "with STARTTLS" if relay.starttls else "without TLS"
    return well(Organ.SMTP, f"{name} accepts the sender, {tls}; nothing was sent")


async def mails(patient: Patient) -> Sequence[Symptom]:
    """Mails that ended without having been taken in the last day, and mails that wait for long."""
    (failed,) = await patient.connection.fetch(_FAILED)
    (unsent,) = await patient.connection.fetch(_UNSENT)
    found = []
    if failed["mails"]:
        said = f"{failed['mails']} mail(s) failed in the last day, the newest with {failed['code'] or 'no code'}"
        found.append(ill(Organ.MAILS, said, f"madoguchi mail show {failed['newest']}; then madoguchi mail redrive"))
    if unsent["mails"] and unsent["seconds"] > UNSENT_OLD_SECONDS:
        said = f"{unsent['mails']} mail(s) are not sent, the oldest for {unsent['seconds']:.0f} s"
        found.append(ill(Organ.MAILS, said, "madoguchi mail list; then relay_failed in the worker's log"))
    return found or [well(Organ.MAILS, f"{unsent['mails']} wait to be sent, none failed in the last day")]


PRACTICE = Practice(
    service="notifications", settings=Settings, hidden=HIDDEN, examinations={Organ.SMTP: relays, Organ.MAILS: mails}
)
