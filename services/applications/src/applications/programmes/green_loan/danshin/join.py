"""Who may join (GL-520 to GL-525, GL-531 to GL-534), and who may newly join when a cover ends at 80 (GL-541).

What another kind does to the rate, and whether it needs a new review: `money.rates.rate_change` (GL-260 to GL-262).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final, Literal

from kit.errors import Finding

from applications.programmes.green_loan.danshin.kinds import LABELS, Choice, Product, product_of
from applications.programmes.green_loan.people.age import full_years

JOIN_AGES: Final[Mapping[Product, range]] = {"SHIN": range(15, 70), "SANDAI": range(15, 51)}
"""GL-531, GL-532: the full years at which one may join: 15 or more, below 70 and below 51."""

Relationship = Literal[
    "LEGAL_SPOUSE", "DE_FACTO", "ENGAGED", "SAME_SEX_PARTNER", "PARENT_CHILD", "SIBLING", "RELATIVE", "OTHER"
]
COUPLES: Final[frozenset[Relationship]] = frozenset({"LEGAL_SPOUSE", "DE_FACTO", "ENGAGED", "SAME_SEX_PARTNER"})
"""GL-521: who is a couple for Duet."""

JOINERS: Final[Mapping[Choice, int]] = {"NONE": 0, "SHIN": 1, "SANDAI": 1, "DUET": 2}
"""GL-523; interpretation (GL-524): one debtor joins, or the couple by Duet, also if there are three or four debtors."""


def age_met(product: Product, birth: date, declared_on: date) -> bool:
    """GL-531, GL-532: whether the age in full years on the declaration date allows to join."""
    return full_years(birth, declared_on) in JOIN_AGES[product]


def own_condition_met(product: Product, birth: date, declared_on: date, *, ever_cancer: bool) -> bool:
    """GL-531, GL-532, GL-534: the age, and for SANDAI that no cancer was ever diagnosed.

    What remains to be fulfilled is the consent of the lead insurer. Whether there was a cancer is declared to the
    insurer alone: no application here asks for it, only who tries the rules out.
    """
    return age_met(product, birth, declared_on) and not (product == "SANDAI" and ever_cancer)


def duet_possible(
    product: Product, births: tuple[date, date], declared_on: date, relationship: Relationship, *, joint_debtors: bool
) -> bool:
    """Whether two people may join by Duet.

    Only SHIN (GL-522), only couples (GL-521) who are joint debtors (GL-520), and both of the right age (GL-533).
    """
    couple = relationship in COUPLES and joint_debtors
    return product == "SHIN" and couple and all(age_met(product, birth, declared_on) for birth in births)


def joiners_findings(
    choice: Choice,
    joiners: Sequence[str],
    debtors: Collection[str],
    relationship: Relationship | None,
    field: str,
) -> list[Finding]:
    """GL-520 to GL-524: who joins is a debtor, and as many join as the choice takes; Duet is for a couple.

    `relationship` is that of the two who join by Duet.
    """
    findings = []
    if any(joiner not in debtors for joiner in joiners):
        message = "団信に加入できるのは、融資を利用される方(申込本人と連帯債務者)です。加入する方を選び直してください。"
        findings.append(Finding("GL-523", "NOT_A_DEBTOR", message, field))
    if len(set(joiners)) != JOINERS[choice] or len(joiners) != JOINERS[choice]:
        message = f"「{LABELS[choice]}」に加入する方は{JOINERS[choice]}名です。加入する方を選び直してください。"
        findings.append(Finding("GL-523", "NUMBER_OF_JOINERS", message, field))
    if choice == "DUET" and relationship not in COUPLES:
        message = (
            "デュエットは、ご夫婦(内縁関係、婚約関係、同性パートナーの方を含みます)で連帯債務者となる場合に限り"
            "ご利用いただけます。ほかの種類を選んでください。"
        )
        findings.append(Finding("GL-521", "NOT_A_COUPLE", message, field))
    return findings


def joining_age_findings(choice: Choice, births: Collection[date], on: date, field: str) -> list[Finding]:
    """GL-531 to GL-533: who on `on`, before the declaration, is too old for it already, or far too young.

    The age that counts is that of the declaration date, which is judged again when it is known (`age_met`). One finding
    is enough for the two of a Duet.
    """
    product = product_of(choice)
    if product is None or all(age_met(product, birth, on) for birth in births):
        return []
    ages = JOIN_AGES[product]
    message = (
        f"「{LABELS[choice]}」に加入できるのは、記入日(告知日)に満{ages.start}歳以上満{ages.stop}歳未満の方です。"
        "ほかの種類を選ぶか、加入せずにお申し込みください。"
    )
    return [Finding("GL-531" if product == "SHIN" else "GL-532", "AGE", message, field)]


def products_after_cover_end(original: Product, birth: date, on: date) -> tuple[Product, ...]:
    """GL-541: what a joint debtor may apply for when the cover of the one who joined ends at 80.

    SANDAI only if the one whose cover ends had `original`ly joined SANDAI. The rate stays the same either way.
    """
    offered: tuple[Product, ...] = ("SHIN", "SANDAI") if original == "SANDAI" else ("SHIN",)
    return tuple(product for product in offered if age_met(product, birth, on))


def switch_findings(before: Choice, after: Choice, *, has_joined: bool, field: str) -> list[Finding]:
    """GL-529: the kind cannot be changed after joining."""
    if before == after or not has_joined:
        return []
    message = f"団信に加入した後は、保障内容を変更できません。「{LABELS[before]}」のままになります。"
    return [Finding("GL-529", "JOINED", message, field)]
