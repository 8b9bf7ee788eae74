"""Online identity verification (ID-70 to ID-77)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from identity.domain.ekyc import EkycMethod, EkycStatus
from identity.schemas.common import Body


class EkycBody(Body):
    """本人確認方法の選択 (ID-71, ID-74)."""

    method: EkycMethod


class EkycStarted(BaseModel):
    """お客さまの本人確認受付が完了しました; mail NO-08 follows."""

    ekyc_id: UUID
    status: EkycStatus


class EkycAnswer(BaseModel):
    """eKYCの実施状況 (ID-77) and the current run."""

    status: EkycStatus
    status_label: str = Field(examples=["方式選択済"])
    ekyc_id: UUID | None
    method: EkycMethod | None
    link_issued_at: datetime | None = Field(description="null until the provider has answered")
    link_expires_at: datetime | None = Field(description="null for the My Number card: no limit (ID-76)")


class EkycMethodItem(BaseModel):
    """A way to verify one's identity (ID-71): what one needs at hand, and which documents are taken (ID-72)."""

    method: EkycMethod
    label: str = Field(examples=["マイナンバーカードを利用"])
    documents: list[str]
    needs: list[str]
    app: str | None = Field(description="the app to install, if one is needed (ID-73)")
    steps: list[str]


class EkycMethods(BaseModel):
    """本人確認方法の選択 (ID-71)."""

    methods: list[EkycMethodItem]


class EkycPlace(BaseModel):
    """Where the smartphone goes, as an address and as a QR code (ID-75)."""

    url: str
    qr_svg: str
