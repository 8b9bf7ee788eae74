"""What the identity service tells: accounts, their credentials, eKYC.

Aggregate and Kafka key: the account.
"""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from madoguchi_contracts.envelope import Event, Key, Sealed, UtcTime, sealed_for
from madoguchi_contracts.roles import Role
from madoguchi_contracts.sealed import Contact, Link, RegistrationLink


class AccountEvent(Event):
    """Something happened to an account, or to the registration that becomes the account of the same id."""

    service: ClassVar[str] = "identity"
    topic: ClassVar[str] = "identity.accounts.v1"
    aggregate_field: ClassVar[str] = "account_id"

    account_id: UUID = Field(description="The account; before the user ID is issued, the registration.")


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
    """An account exists: it has a user ID, and its contact is known.

    When: the registration was committed (ID-15), or the office or an operator opened the account. Causes mail
    NO-03.
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
    """Sessions of the account are over; their access tokens run out within minutes.

    When: the holder logged out, or sessions were ended because of a new password, a reset or an operator.
    """

    session_ids: tuple[UUID, ...] | None = Field(description="The sessions that ended; null means all of them.")
    reason: Key = Field(
        description="Why: logout, password_changed, password_reset, otp_reset, account_lapsed or operator. Open."
    )


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
    EkycStarted,
    EkycStatusChanged,
    ContactChanged,
    SessionsEnded,
)
