"""Reading what the SMTP catcher caught: by IMAP, for tests and for the demonstration."""

import email
import email.policy
import imaplib
from email.message import EmailMessage

from madoguchi_stack.layout import HOST, Ports
from madoguchi_stack.local import MAILBOX, MAILBOX_PASSWORD


def read_mails(ports: Ports) -> list[EmailMessage]:
    """Every mail so far, to whomever, oldest first. Blocks; OSError if the server is not there."""
    with imaplib.IMAP4(HOST, ports["imap"], timeout=10) as imap:
        imap.login(MAILBOX, MAILBOX_PASSWORD)
        imap.select("INBOX", readonly=True)
        _, (numbers,) = imap.search(None, "ALL")
        return [_mail(imap, number) for number in numbers.decode().split()]


def _mail(imap: imaplib.IMAP4, number: str) -> EmailMessage:
    _, parts = imap.fetch(number, "(BODY.PEEK[])")
    body = next(part[1] for part in parts if isinstance(part, tuple))
    return email.message_from_bytes(body, policy=email.policy.default)
