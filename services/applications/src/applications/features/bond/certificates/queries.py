"""What an association's certificate says today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kit.errors import NotFound
from kit.japan import to_jst
from kit.japan.era import format_era
from kit.japan.yen import format_yen
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import Action
from applications.cases import in_force, open_for
from applications.desk import Desk
from applications.features.bond.certificates.rules import shown_on
from applications.printing import Paper
from applications.programmes.bond import PROGRAMME

_BALANCE = text("""
SELECT b.balance_yen FROM balances b JOIN balance_imports i ON i.id = b.import_id
WHERE b.application_id = :application_id AND b.as_of = :as_of ORDER BY i.number DESC LIMIT 1
""")


@dataclass(frozen=True)
class Certificate:
    """A balance certificate. `balance_yen` is None while the office has not imported the balance of that day."""

    application_id: UUID
    reference: str
    association: str
    number: str | None
    month: int
    as_of: date
    shown_since: date
    balance_yen: int | None
    next_on: date


async def certificate_of(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> Certificate:
    """The certificate that is shown now, by the month of the content in force (AS-31, AS-32).

    Raises Forbidden; NotFound, also before the first approval. Read by the office it leaves a row in the access log.
    """
    application = await open_for(session, desk, actor, Action.VIEW_CERTIFICATE, application_id, now=now)
    content = await in_force(session, desk, application) if application.programme.name == PROGRAMME.name else None
    if content is None or content.get("certificate_month") is None:
        raise NotFound(application_id=str(application_id))
    month = int(content["certificate_month"])
    shown = shown_on(to_jst(now).date(), month)
    where = {"application_id": application_id, "as_of": shown.certificate.as_of}
    return Certificate(
        application_id=application_id,
        reference=application.reference,
        association=content["name_kanji"],
        number=content.get("number"),
        month=month,
        as_of=shown.certificate.as_of,
        shown_since=shown.certificate.display_on,
        balance_yen=(await session.execute(_BALANCE, where)).scalar_one_or_none(),
        next_on=shown.next_on,
    )


def paper_of(certificate: Certificate, balance_yen: int) -> Paper:
    """What is printed."""
    rows = [("受付番号", certificate.reference)]
    if certificate.number is not None:
        rows.append(("積立組合番号", certificate.number))
    rows += [("基準日", f"{format_era(certificate.as_of)}現在"), ("残高", f"金 {format_yen(balance_yen)}")]
    return Paper(
        title="残高証明書",
        dated=certificate.shown_since,
        to=(f"{certificate.association} 御中",),
        says="マンションすまい・る債の残高は、次のとおりです。",
        rows=rows,
    )
