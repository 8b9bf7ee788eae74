"""What the identity service tells: accounts, their credentials, eKYC; and the organisations that accounts belong to.

Aggregate and Kafka key: the account, or the organisation. The two are different topics.
"""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from madoguchi_contracts.envelope import Event, Key, Sealed, UtcTime, sealed_for
from madoguchi_contracts.roles import Role
from madoguchi_contracts.sealed import Contact, Link, RegistrationLink, SuccessionNotice


class AccountEvent(Event):
    """Something happened to an account, or to the registration that becomes the account of the same id."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "identity.accounts.v1"
    aggregate_field: ClassVar[str] = "account_id"

    account_id: UUID = Field(description="The account; before the user ID is issued, the registration.")


class OrganisationEvent(Event):
    """Something happened to an organisation whose people work at the counter: none of it is a person's data."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "identity.organisations.v1"
    aggregate_field: ClassVar[str] = "organisation_id"

    organisation_id: UUID = Field(description="The organisation.")


class RegistrationRequested(AccountEvent):
    """Somebody asked to be registered and is to prove the mail address by opening a one-time link.

    When: 送信する on 新規利用登録 was accepted (ID-09), also when it is done again with a new link. Causes
    mail NO-02.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    link: Annotated[
        Sealed,
        sealed_for("notifications", RegistrationLink, "Link, address and name for mail NO-02."),
    ]
    link_expires_at: UtcTime = Field(description="From this instant on the link no longer works (ID-10).")


class UserIdIssued(AccountEvent):
    """An account has a user ID, and the contact of its holder is known.

    When: the registration was committed (ID-15), an invitation was accepted by somebody new, an operator opened the
    account, or the association's next representative took it over (ID-12): then it is told for the account again, with
    the new holder's contact. Causes mail NO-03.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications", "applications")

    role: Role = Field(description="What the account may be used for.")
    contact: Annotated[
        Sealed,
        sealed_for("notifications", Contact, "Contact of the holder, to be kept for all later mails."),
    ]
    contact_for_applications: Annotated[
        Sealed | None,
        sealed_for("applications", Contact, "The same contact, for the check of the mail address in forms (AS-36)."),
    ] = None
    organisation_id: UUID | None = Field(
        default=None, description="The organisation that the holder works for; missing or null when there is none."
    )


class PasswordLinkIssued(AccountEvent):
    """A one-time link to the screen パスワード更新 was made. Links issued earlier no longer work.

    When: right after the user ID was issued (first, ID-16, causes mail NO-04), or when a reset was asked for
    with a known user ID (reset, ID-51, causes mail NO-06).
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    purpose: Literal["first", "reset"] = Field(description="Whether it leads to the first password or to a new one.")
    link: Annotated[Sealed, sealed_for("notifications", Link, "Link for mail NO-04 or NO-06.")]
    link_expires_at: UtcTime = Field(description="From this instant on the link no longer works (ID-16, ID-52).")


class PasswordSet(AccountEvent):
    """The account has a new password.

    When: the first password was set (ID-18), the holder changed it while logged in (ID-49), or reset it with
    a link (ID-51). Causes mail NO-05.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    reason: Literal["first", "changed", "reset"] = Field(description="How the password came to be set.")


class UserIdReminderRequested(AccountEvent):
    """The holder, having proved who they are, asked to be sent the user ID again.

    When: name, mail address and secret answer matched (ID-62). Causes mail NO-07.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)


class OtpEnrolled(AccountEvent):
    """The account has an authenticator, so that steps which need a one-time password are possible.

    When: the first one-time password of a new authenticator was right.
    """


class OtpReset(AccountEvent):
    """The authenticator was taken off the account; a new one has to be enrolled.

    When: the holder or an operator reset it.
    """


class AccountLocked(AccountEvent):
    """Logging in is refused for a while, because of wrong passwords.

    When: the wrong password that sets the lock was given (ID-27, ID-29).
    """

    until: UtcTime = Field(description="The end of the lock. From this instant on one wrong password locks again.")


class AccountLapsed(AccountEvent):
    """The user ID has lapsed and cannot be revived; its holder must register anew (ID-03).

    When: five years passed since the last login (ID-02).
    """


class AccountLapseAnnounced(AccountEvent):
    """The user ID will lapse soon if its holder does not log in; the holder is told.

    When: 90 days and 30 days before the lapse (ID-02). Causes mail LAPSE-NOTICE.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    lapses_at: UtcTime = Field(description="The lapse, unless the holder logs in before.")


class AccountClosed(AccountEvent):
    """Nobody can log in with the account any more. What was done with it stays.

    When: an operator closed it, or the organisation that its holder works for.
    """


class InvitationSent(AccountEvent):
    """The holder asked somebody else to take part in an application; the invited person gets a one-time link.

    When: an applicant invited a joint debtor. Causes mail INVITATION-LINK.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    invitation_id: UUID = Field(description="The invitation.")
    link: Annotated[
        Sealed,
        sealed_for("notifications", RegistrationLink, "Link, address and name of the invited person."),
    ]
    link_expires_at: UtcTime = Field(description="From this instant on the link no longer works.")


class InvitationAccepted(AccountEvent):
    """The account takes part in an application that somebody else began.

    When: the invited person opened the account with the link, or accepted it with an account they had.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)

    invitation_id: UUID = Field(description="The invitation.")
    application_id: UUID = Field(description="The application, as the one who invited named it: identity knows none.")
    invited_by: UUID = Field(description="The account that invited. Whether it may, its application decides.")
    role: Key = Field(description="As what the account takes part: joint_debtor. Open.")


class SuccessionStarted(AccountEvent):
    """The association's next representative is to take the account over, and gets a one-time link (代表者変更).

    When: the representative began it, or a second officer confirmed what another one had begun. Causes mail
    SUCCESSION-LINK.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    succession_id: UUID = Field(description="The change of the representative.")
    link: Annotated[
        Sealed,
        sealed_for("notifications", RegistrationLink, "Link, address and name of the next representative."),
    ]
    link_expires_at: UtcTime = Field(description="From this instant on the link no longer works.")


class SuccessionAnnounced(AccountEvent):
    """The holder of an association's account is told that another one is to take it over, or did so (代表者変更).

    When: the representative, the office or an operator began it (started): the holder can object for as long as it is
    open; and when the next representative has taken over (completed). Causes mail SUCCESSION-NOTICE or SUCCESSION-DONE.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    succession_id: UUID = Field(description="The change of the representative.")
    stage: Key = Field(description="What is told: started, completed. Open.")
    notice: Annotated[
        Sealed,
        sealed_for("notifications", SuccessionNotice, "The holder before the change, and the link to object."),
    ]


class RepresentativeChanged(AccountEvent):
    """The account has another holder: from now on the next representative acts for the association (代表者変更).

    When: the next representative answered the secret question (ID-12). The former one's sessions end, and nobody can
    log in as them. Told together with UserIdIssued, which has the new contact.
    """

    succession_id: UUID = Field(description="The change of the representative.")


class EkycStarted(AccountEvent):
    """A run of online identity verification began. Links of earlier runs are void.

    When: 受付 on 本人確認の受付 (ID-74). Causes mail NO-08.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    ekyc_id: UUID = Field(description="The run.")
    method: Literal["photo", "my_number_card"] = Field(description="The method chosen on 本人確認方法の選択 (ID-71).")
    link: Annotated[Sealed, sealed_for("notifications", Link, "Link for mail NO-08.")]
    link_expires_at: UtcTime | None = Field(
        description="From this instant on the link no longer works; null when it has no limit (ID-76)."
    )


class EkycStatusChanged(AccountEvent):
    """The state of identity verification (eKYCの実施状況) is another one. It decides whether submitting is
    allowed.

    When: with every step of ID-77, and when a run out of time falls back to data_registered (ID-76).
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)

    ekyc_id: UUID | None = Field(description="The run; null before the first one.")
    status: Literal["data_registered", "method_chosen", "running", "passed", "failed"] = Field(
        description="情報登録済, 方式選択済, 本人確認中, 合格, 不合格, in this order."
    )


class ContactChanged(AccountEvent):
    """The holder is reached under other contact data from now on.

    When: mail address, name or user ID of an account changed.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications", "applications")

    contact: Annotated[
        Sealed, sealed_for("notifications", Contact, "The whole new contact; it replaces the former one.")
    ]
    contact_for_applications: Annotated[
        Sealed | None,
        sealed_for("applications", Contact, "The same contact, for the check of the mail address in forms (AS-36)."),
    ] = None


class SessionsEnded(AccountEvent):
    """Sessions of the account are over. From now on their access tokens are refused, which otherwise live five minutes.

    When: the holder logged out or ended them, 30 minutes passed without an operation (ID-38), or they were ended
    because of a new password, a reset, another representative, a lapse or an operator.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications", "documents", "notifications")

    session_ids: tuple[UUID, ...] | None = Field(
        description="The sessions that ended. Null, in events before release 1.2: all of the account's."
    )
    reason: Key = Field(
        description="Why: logout, ended_by_holder, idle, password_changed, password_reset, otp_reset, "
        "representative_changed, account_lapsed, account_closed. Open."
    )


# One line, so that no other text finds room in it.
_ONE_LINE = r"^[^\x00-\x1f\x7f]+$"


class _OrganisationFacts(OrganisationEvent):
    kind: Key = Field(
        description="company (管理会社; as a party management_company), inspection_body (適合証明検査機関) or bank "
        "(金融機関). Open."
    )
    name: str = Field(max_length=100, pattern=_ONE_LINE, description="The registered name of the organisation.")
    name_kana: str = Field(max_length=100, pattern=_ONE_LINE, description="The name in katakana.")
    postal_code: str = Field(pattern=r"^[0-9]{7}$", description="Postal code of the office that is written to.")
    address: str = Field(max_length=200, pattern=_ONE_LINE, description="Its address.")
    phone: str = Field(pattern=r"^[0-9]{10,11}$", description="Its telephone number, digits only.")


class OrganisationRegistered(_OrganisationFacts):
    """An organisation exists: its people may get accounts, and it can be named in applications.

    When: an operator registered it for the agency.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)


class OrganisationChanged(_OrganisationFacts):
    """The organisation's data is another one; the whole new data is told.

    When: an operator changed it.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)


class OrganisationClosed(OrganisationEvent):
    """The organisation takes part in nothing any more: none of its people can log in.

    When: an operator closed it.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)


class DataRequestAnswered(AccountEvent):
    """What the holder asked about the personal data that is held of them was answered: a disclosure can be read, a
    correction was made, or the use of the data is suspended from now on, in all services.

    When: a second officer decided so (GL-618, GL-622). Causes mail DATA-REQUEST-CLOSED.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications", "notifications")

    request_id: UUID = Field(description="The request.")
    kind: Key = Field(
        description="disclosure (開示), correction (訂正) or suspension (利用停止): after it nothing of the person is "
        "provided to third parties. Open."
    )


class DataRequestRefused(AccountEvent):
    """What the holder asked about the personal data that is held of them was refused; the reason is read after a login.

    When: a second officer decided so (GL-618, GL-622). Causes mail DATA-REQUEST-CLOSED.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    request_id: UUID = Field(description="The request.")
    kind: Key = Field(description="disclosure (開示), correction (訂正) or suspension (利用停止). Open.")


class DataUseResumed(AccountEvent):
    """The suspension of the use of a person's data is lifted.

    When: a second officer decided so (GL-618, GL-622).
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)

    request_id: UUID = Field(description="The request by which it had been suspended.")


EVENTS: tuple[type[Event], ...] = (
    RegistrationRequested,
    UserIdIssued,
    PasswordLinkIssued,
    PasswordSet,
    UserIdReminderRequested,
    OtpEnrolled,
    OtpReset,
    AccountLocked,
    AccountLapsed,
    AccountLapseAnnounced,
    AccountClosed,
    InvitationSent,
    InvitationAccepted,
    SuccessionAnnounced,
    SuccessionStarted,
    RepresentativeChanged,
    EkycStarted,
    EkycStatusChanged,
    ContactChanged,
    SessionsEnded,
    DataRequestAnswered,
    DataRequestRefused,
    DataUseResumed,
    OrganisationRegistered,
    OrganisationChanged,
    OrganisationClosed,
)
