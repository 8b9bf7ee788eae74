"""The service's metrics. Labels are templates, outcomes and states: never a person."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

tries = Counter("madoguchi_mail_tries", "Tries to send a mail, by outcome", ["template", "outcome"])
seconds_to_acceptance = Histogram(
    "madoguchi_mail_seconds_to_acceptance",
    "From queueing to the relay's word",
    ["template"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30, 60, 300, 3600, 21600, 86400),
)
mails = Gauge("madoguchi_mails", "Mails that are not done with, by state", ["state"])
oldest_unsent_seconds = Gauge("madoguchi_mail_oldest_unsent_seconds", "Age of the oldest mail that is still to be sent")
