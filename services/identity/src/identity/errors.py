"""The refusals of identity.

ServiceError
├── LoginFailed        401  wrong user ID or password, not told apart (ID-34)
├── LoginExpired       401  the half-finished login is too old or unknown
├── SessionOver        401  the session has ended (ID-38, ID-39)
├── UserIdLocked       423  three wrong passwords (ID-27)
├── LinkNotValid       410  a link that ran out, was used, was replaced, or never was one (ID-19)
└── Refused            409
    ├── TermsNotAccepted    (ID-06, ID-13)
    ├── TermsOutdated       (ID-06)
    ├── RegistrationIncomplete, PasswordRefused    with findings
    ├── CodeRefused         wrong, used or too old one-time password (ID-43)
    ├── NotEnrolled, AlreadyEnrolled               (ID-47)
    ├── AnswerRefused       wrong secret answer (ID-46)
    ├── ReminderRefused     name, address or answer do not match, not told apart (ID-62)
    ├── CurrentPasswordWrong, ConfirmationNeeded   (ID-49)
    ├── EkycNotPossible     (ID-77)
    ├── OrganisationIncomplete    with findings
    ├── OrganisationIsClosed
    ├── NotStaff            the account belongs to somebody who registered
    ├── SecondOfficerNeeded nobody confirms what they began themselves
    ├── OtherOfficerNeeded  the same, of a request about personal data
    ├── DataRequestNotPossible    with findings
    ├── OwnAccount          nobody closes their own account
    └── RotationUnderWay    a new signing key waits for its time
"""

from __future__ import annotations

from kit.errors import Refused, ServiceError

FAQ = "「よくある質問」もあわせてご覧ください。"


class LoginFailed(ServiceError):
    """Wrong user ID or password; also an unknown or lapsed user ID, or one without a password (ID-34, I-19)."""

    code = "login_failed"
    status = 401
    title = "ユーザーIDまたはパスワードが正しくありません。"
    default_rules = ("ID-34",)


class LoginExpired(ServiceError):
    """The password was given too long ago, or the login token is unknown."""

    code = "login_expired"
    status = 401
    title = "ログインをはじめからやり直してください。"
    default_rules = ("ID-35",)


class SessionOver(ServiceError):
    """30 idle minutes, a logout, or a new password ended the session (ID-38, ID-39)."""

    code = "session_over"
    status = 401
    title = "セッションが終了しました。もう一度ログインしてください。保存していない入力内容は失われています。"
    default_rules = ("ID-38",)


class UserIdLocked(ServiceError):
    """The user ID is locked (ID-27, ID-28); the attempt that locks and those during the lock get the same answer."""

    code = "user_id_locked"
    status = 423
    title = "パスワードを続けて間違えたため、このユーザーIDは30分間ご利用いただけません。"
    default_rules = ("ID-27", "ID-34")


class LinkNotValid(ServiceError):
    """The link cannot be used (ID-19). Why, is told to nobody: not even that it ever existed."""

    code = "link_not_valid"
    status = 410
    title = "このURLは有効期限が切れているか、すでに使用されています。"
    default_rules = ("ID-19",)


class TermsNotAccepted(Refused):
    """No way forward without consent to the terms (ID-06, ID-13)."""

    code = "terms_not_accepted"
    title = "利用規約に同意してください。"
    default_rules = ("ID-06", "ID-13")


class TermsOutdated(Refused):
    """The terms that were consented to are not the present ones (ID-06)."""

    code = "terms_outdated"
    title = "利用規約が改定されました。最新の利用規約をご確認のうえ、同意してください。"
    default_rules = ("ID-06",)


class RegistrationIncomplete(Refused):
    """Something needed for the registration is missing or not usable (ID-07, ID-11); with findings."""

    code = "registration_incomplete"
    title = "入力内容をご確認ください。"


class PasswordRefused(Refused):
    """The new password does not meet the policy (ID-20 to ID-25); with all findings."""

    code = "password_refused"
    title = "このパスワードは使用できません。"


class CodeRefused(Refused):
    """The one-time password is wrong, too old, or was used before (ID-43); which of them is not told."""

    code = "otp_refused"
    title = "ワンタイムパスワードが正しくありません。次に表示される番号を入力してください。"
    default_rules = ("ID-43",)


class NotEnrolled(Refused):
    """There is no authenticator yet, or not any more (ID-47)."""

    code = "otp_not_enrolled"
    title = "認証アプリの登録が必要です。"
    default_rules = ("ID-47",)


class AlreadyEnrolled(Refused):
    """There is an authenticator; another one takes its reset (ID-46, ID-47)."""

    code = "otp_already_enrolled"
    title = "認証アプリは登録済みです。"
    default_rules = ("ID-46", "ID-47")


class AnswerRefused(Refused):
    """The secret answer is wrong (ID-46)."""

    code = "answer_refused"
    title = "秘密の質問の回答が正しくありません。"
    default_rules = ("ID-46",)


class ReminderRefused(Refused):
    """Name, mail address or answer do not match; which of them is not told (ID-62, I-19)."""

    code = "reminder_refused"
    title = "入力された情報が登録内容と一致しません。"
    default_rules = ("ID-62",)


class CurrentPasswordWrong(Refused):
    """The current password is wrong (ID-49); it does not count for the lock (ID-33)."""

    code = "current_password_wrong"
    title = "現在のパスワードが正しくありません。"
    default_rules = ("ID-49",)


class ConfirmationNeeded(Refused):
    """Everything is right, and nothing was changed: the second 更新 changes it (ID-49)."""

    code = "confirmation_needed"
    title = "パスワードを変更します。よろしければ、もう一度「更新」を押してください。"
    default_rules = ("ID-49",)


class EkycNotPossible(Refused):
    """Identity verification cannot go from its present status to the wanted one (ID-77)."""

    code = "ekyc_not_possible"
    title = "現在の状態ではこの操作はできません。"
    default_rules = ("ID-77",)


class OrganisationIncomplete(Refused):
    """Something of an organisation's data is missing or not usable; with findings."""

    code = "organisation_incomplete"
    title = "入力内容をご確認ください。"


class OrganisationIsClosed(Refused):
    """Nobody joins a closed organisation, and its data does not change any more."""

    code = "organisation_closed"
    title = "この組織は登録を終了しています。"


class NotStaff(Refused):
    """An operator closes the accounts that an operator opened; those of applicants belong to them."""

    code = "not_staff"
    title = "このアカウントは、ご本人の登録手続で作成されたものです。"


class SecondOfficerNeeded(Refused):
    """A change of the representative that an officer began is confirmed by another one."""

    code = "second_officer_needed"
    title = "開始した担当者とは別の担当者が確認してください。"
    default_rules = ("ID-12",)


class OtherOfficerNeeded(Refused):
    """What one officer proposed is decided by another one."""

    code = "second_officer_needed"
    title = "提案した担当者とは別の担当者が決定してください。"
    default_rules = ("GL-618",)


class DataRequestNotPossible(Refused):
    """The request about personal data does not have this step now (GL-618, GL-622); with findings."""

    code = "data_request_not_possible"
    title = "入力内容と請求の状態をご確認ください。"


class OwnAccount(Refused):
    """Nobody closes the account they are logged in with: the last operator would lock everybody out."""

    code = "own_account"
    title = "ご自身のアカウントは終了できません。別の運用担当者が行ってください。"


class RotationUnderWay(Refused):
    """A new signing key is published already and waits for its time; a second one would only confuse."""

    code = "rotation_under_way"
    title = "新しい署名鍵の切り替えを待っています。"
