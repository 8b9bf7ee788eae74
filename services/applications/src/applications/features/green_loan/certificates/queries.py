"""The certificates of loans, and what of them is to be posted."""

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

from applications.access import Action, allow
from applications.cases import Application, by_id, open_for
from applications.desk import Desk
from applications.printing import Paper
from applications.programmes.green_loan import PROGRAMME
from applications.programmes.green_loan import certificates as rules
from applications.programmes.green_loan.certificates import YearEnd
from applications.programmes.green_loan.reading import LOAN, PAID_OUT, content
from applications.programmes.green_loan.servicing import contracted
from applications.queries.cursors import cursor_at, place_at, plain

PAGE = 50

_PAID_OUT = text("""
SELECT a.id, a.reference FROM applications a
JOIN tracks t ON t.application_id = a.id AND t.subject = a.id AND t.track = :track
WHERE a.programme = :programme AND t.state = ANY(cast(:states AS text[]))
  AND a.reference > :reference
ORDER BY a.reference LIMIT :limit
""")
_POSTINGS = text("""
SELECT DISTINCT ON (year) year, first, last FROM certificate_postings
WHERE cast(:year AS integer) IS NULL OR year = :year ORDER BY year, id DESC
""")


@dataclass(frozen=True)
class Posting:
    """When the certificates of a year are posted: from one day to another."""

    first: date
    last: date


@dataclass(frozen=True)
class Listed:
    """A certificate as debtors see it; `posting` None: its time is not announced yet."""

    certificate: YearEnd
    posting: Posting | None


@dataclass(frozen=True)
class OfLoan:
    """The certificates of a loan, and how many are wanted in all."""

    reference: str
    sendings: int
    certificates: tuple[Listed, ...]


@dataclass(frozen=True)
class ToPost:
    """A paper that is to be posted: no personal data, so that looking at the list is not reading anybody's case."""

    application_id: UUID
    reference: str
    number: int
    sendings: int


@dataclass(frozen=True)
class Page:
    """What is to be posted for a year, some of it; and when, if that is announced."""

    posting: Posting | None
    items: tuple[ToPost, ...]
    next_cursor: str | None


async def certificates_of(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> OfLoan:
    """The certificates of the years that are over (GL-506, GL-509), with the announced time of posting (GL-507).

    Raises Forbidden; NotFound, also before the funds were paid. Read by the office it leaves a row in the access log.
    """
    application = await _open(session, desk, actor, application_id, now)
    postings = await _postings(session, None)
    found = rules.certificates(application.case(now), to_jst(now).date())
    return OfLoan(
        application.reference,
        rules.sendings_of(application.case(now)),
        tuple(Listed(one, postings.get(one.year)) for one in found),
    )


async def paper_of(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, year: int, now: datetime
) -> tuple[YearEnd, Paper]:
    """The certificate of a year as it is printed. Raises as `certificates_of`, and NotFound where there is none."""
    application = await _open(session, desk, actor, application_id, now)
    case = application.case(now)
    found = next((one for one in rules.certificates(case, to_jst(now).date()) if one.year == year), None)
    loan, contracted_on = contracted(case), rules.contract_day(case)
    if found is None or loan is None or contracted_on is None:
        raise NotFound(application_id=str(application_id))
    told = content(case)
    names, home = rules.debtor_names(told), told["applicant"]["address"]
    return found, Paper(
        title="融資額残高証明書",
        dated=date(year + 1, 1, 1),
        to=(f"〒{home['postal_code'][:3]}-{home['postal_code'][3:]}", home["address"], f"{names[0]} 様"),
        says=f"グリーンリフォームローンの{format_era(found.as_of)}における融資額残高は、次のとおりです。",
        rows=(
            ("受付番号", application.reference),
            ("債務者", "、".join(names)),
            ("契約日", format_era(contracted_on)),
            ("当初の融資額", f"金 {format_yen(loan.balance_yen)}"),
            ("基準日", f"{format_era(found.as_of)}現在"),
            ("融資額残高", f"金 {format_yen(found.owed_yen)}"),
        ),
    )


async def to_post(
    *, session: AsyncSession, desk: Desk, actor: Actor, year: int, cursor: str | None, now: datetime
) -> Page:
    """What is to be posted for a year, by reference; each page looks at so many loans, and may list fewer.

    Raises Forbidden, BadCursor.
    """
    allow(actor, Action.LIST_LOAN_CERTIFICATES)
    (after,) = place_at(cursor, plain) if cursor is not None else ("",)
    where = {"programme": PROGRAMME.name, "track": LOAN, "states": list(PAID_OUT), "reference": after}
    rows = (await session.execute(_PAID_OUT, {**where, "limit": PAGE + 1})).all()
    items = []
    for row in rows[:PAGE]:
        case = (await by_id(session, desk, row.id)).case(now)
        items += [
            ToPost(row.id, row.reference, one.number, rules.sendings_of(case))
            for one in rules.certificates(case, to_jst(now).date())
            if one.year == year
        ]
    following = cursor_at(rows[PAGE - 1].reference) if len(rows) > PAGE else None
    return Page((await _postings(session, year)).get(year), tuple(items), following)


async def _open(session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime) -> Application:
    application = await open_for(session, desk, actor, Action.VIEW_LOAN_CERTIFICATE, application_id, now=now)
    if application.programme.name != PROGRAMME.name or contracted(application.case(now)) is None:
        raise NotFound(application_id=str(application_id))
    return application


async def _postings(session: AsyncSession, year: int | None) -> dict[int, Posting]:
    rows = (await session.execute(_POSTINGS, {"year": year})).all()
    return {row.year: Posting(row.first, row.last) for row in rows}
