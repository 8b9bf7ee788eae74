"""What `madoguchi doctor` looks at in this service beside what all services share: what the vault has hidden, and
whether the providers answer."""

from __future__ import annotations

from kit.doctor.practice import Hidden, Organ, Practice
from kit.doctor.providers import Asked, providers

from applications.settings import Settings

# The contexts are those of `desk`, `threads` and `commands.corrections`.
HIDDEN = (
    Hidden("applications", "draft", "'applications.draft:' || id"),
    Hidden(
        "application_versions",
        "content",
        "'application_versions.content:' || application_id || ':' || submission",
    ),
    Hidden("application_history", "reason", "'application_history.reason:' || application_id || ':' || submission"),
    Hidden(
        "application_history",
        "facts",
        "'application_history.facts:' || application_id || ':' || track || ':' || subject || ':' || command",
    ),
    Hidden("account_contacts", "mail", "'account_contacts.mail:' || account_id"),
    Hidden("income_evidence", "evidence", "'income_evidence.evidence:' || document_id"),
    Hidden("contact_notes", "content", "'contact_notes.content:' || id"),
    Hidden("threads", "subject", "'threads.subject:' || id"),
    Hidden("messages", "content", "'messages.content:' || id"),
    Hidden("correction_items", "content", "'correction_items.content:' || correction_id || ':' || position"),
    Hidden("envelopes", "terms", "'envelopes.terms:' || id"),
    Hidden("envelopes", "paper", "'envelopes.paper:' || id"),
    Hidden("envelopes", "signed_paper", "'envelopes.signed_paper:' || id"),
    Hidden("envelope_signers", "place", "'envelope_signers.place:' || reference"),
    Hidden("correction_items", "was", "'correction_items.was:' || correction_id || ':' || position"),
)

PROVIDERS = {
    "econtract": Asked("/v1/envelopes", "envelopes"),
    "danshin": Asked("/v1/applications", "danshin_applications"),
}

PRACTICE = Practice(
    service="applications",
    settings=Settings,
    hidden=HIDDEN,
    examinations={Organ.PROVIDERS: providers(PROVIDERS)},
)
