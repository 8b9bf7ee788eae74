"""What travels inside sealed fields.

These models hold personal data and secrets: an event carries them sealed, never as they are.
"""

from datetime import date

from pydantic import Field

from madoguchi_contracts.envelope import SealedContent


class Contact(SealedContent):
    """Where and under which name an account holder is written to. The recipient keeps it for later mails."""

    mail: str = Field(min_length=3, description="The registered mail address.")
    name: str = Field(min_length=1, description="The holder's name in kanji, as mails address it.")
    user_id: str = Field(min_length=1, description="The user ID; only mails NO-03 and NO-07 show it.")


class RegistrationLink(SealedContent):
    """The link of the first mail (ID-09), with the address to send it to: no contact is known yet."""

    mail: str = Field(min_length=3, description="The mail address entered on the registration screen.")
    name: str = Field(min_length=1, description="The name in kanji entered on the registration screen.")
    url: str = Field(min_length=1, description="The one-time link to the user ID registration.")


class SuccessionNotice(SealedContent):
    """What the holder of an account is told of the change of the representative, with the address to send it to: by the
    time it is sent, the account's contact may be the next one's."""

    mail: str = Field(min_length=3, description="The holder's mail address when it was told.")
    name: str = Field(min_length=1, description="The holder's name in kanji when it was told.")
    url: str | None = Field(min_length=1, description="The link to object; null when the change is done.")


class Link(SealedContent):
    """A one-time link for an account whose contact the recipient already knows."""

    url: str = Field(min_length=1, description="The one-time link.")


class ServiceLogin(SealedContent):
    """How somebody gets into another party's Web service, for an account whose contact the recipient already knows."""

    user_id: str = Field(min_length=1, description="The user ID that the service gave.")
    url: str = Field(min_length=1, description="The service's login page.")


class ContractLinks(SealedContent):
    """Where somebody goes to conclude a contract, for accounts whose contact the recipient already knows."""

    url: str = Field(min_length=1, description="The page of the portal that leads to the contract, after a login.")
    video_url: str = Field(min_length=1, description="The video that explains the contract, to be watched before.")


class Reason(SealedContent):
    """What the office writes to the applicant. Free text, and so possibly personal."""

    text: str = Field(min_length=1, description="The reason as the office wrote it, in Japanese.")


class IncomeEvidence(SealedContent):
    """What a file of the income information retrieval service says: of whom, of which year, and how much."""

    name: str = Field(min_length=1, max_length=100, description="The person's name in kanji.")
    birth: date = Field(description="The day of birth.")
    year: int = Field(ge=1900, le=9999, description="The calendar year of the income, such as 2025.")
    issued_on: date = Field(description="The day on which the service made the file, in Japan time.")
    salary_yen: int | None = Field(ge=0, description="The salary paid (支払給与の総額); null: none.")
    pension_yen: int | None = Field(ge=0, description="Public pensions received; null: none.")
    total_income_yen: int = Field(ge=0, description="The total income amount (所得金額).")


CONTENTS: tuple[type[SealedContent], ...] = (
    Contact,
    RegistrationLink,
    SuccessionNotice,
    Link,
    ServiceLogin,
    ContractLinks,
    Reason,
    IncomeEvidence,
)
