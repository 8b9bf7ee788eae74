"""Small events to send about, where a test does not care which."""

from uuid import UUID

from madoguchi_contracts.identity import AccountLapsed, OtpEnrolled, OtpReset


def event_of(aggregate_id: UUID, number: int = 0) -> OtpEnrolled | OtpReset | AccountLapsed:
    """An event of the aggregate; which of three depends on `number`."""
    return (OtpEnrolled, OtpReset, AccountLapsed)[number % 3](account_id=aggregate_id)
