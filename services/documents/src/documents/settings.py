"""The settings of the documents service: the store's addresses and credentials, and what scans files for malware."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from kit.settings import ServiceSettings
from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from documents.evidence.results import check_certificates
from documents.retention import PERIODS, Periods

# No path: a signature covers host and path, so a store behind a path prefix would refuse every signed request.
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#\s]+$")]


class StoreSettings(BaseSettings):
    """Where the store is, and as whom: what the doctor needs, who has nothing else of the service."""

    model_config = SettingsConfigDict(env_prefix="MADOGUCHI_", frozen=True, extra="ignore", hide_input_in_errors=True)

    s3_internal_url: Address = Field(description="where this process reaches the store, as in http://minio:9000")
    s3_public_url: Address = Field(description="where browsers reach the same store; upload and download links name it")
    s3_access_key: SecretStr
    s3_secret_key: SecretStr
    s3_bucket: str = Field(min_length=3)
    s3_region: str = "us-east-1"
    s3_object_lock: bool = Field(
        default=False, description="the bucket was made with object lock: holds are told to the store too"
    )


class ScannerSettings(BaseSettings):
    """What scans files for malware."""

    model_config = SettingsConfigDict(env_prefix="MADOGUCHI_", frozen=True, extra="ignore", hide_input_in_errors=True)

    scanner: Literal["none", "clamd"] = Field(description="none: files are not scanned; production refuses that")
    clamd_host: str | None = None
    clamd_port: int = Field(default=3310, ge=1, le=65535)


class Settings(ServiceSettings, StoreSettings, ScannerSettings):
    """What the environment must say, each as MADOGUCHI_<NAME>."""

    income_service_certificates: str = Field(
        description="PEM: the certificates by which the income information retrieval service signs, the present one"
        " and the next; empty: nobody is known to sign"
    )
    retention_months: dict[str, Periods] = Field(
        default=dict(PERIODS), description='how long files are kept, {"<programme>": {"abandoned": 12, ...}}'
    )
    sweep_anyway: bool = Field(default=False, description="delete unnamed files also when they are suspiciously many")

    @field_validator("income_service_certificates")
    @classmethod
    def _are_certificates(cls, value: str) -> str:
        """Said at the start: else each file of the service would be told to be of an unknown signer."""
        check_certificates(value)
        return value

    @model_validator(mode="after")
    def _scans_in_production(self) -> Self:
        """A forgotten scanner must not go unnoticed: it would be found out by the first infected file."""
        if self.scanner == "none" and self.environment == "production":
            raise ValueError("production needs MADOGUCHI_SCANNER=clamd")
        if self.scanner == "clamd" and not self.clamd_host:
            raise ValueError("MADOGUCHI_SCANNER=clamd needs MADOGUCHI_CLAMD_HOST")
        return self
