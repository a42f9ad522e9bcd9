"""What the routes of certificates take and answer."""

from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Reason, UtcView, View
from app.settlement.domain.certificates import (
    Certificate,
    CertificateKind,
    RevocationGround,
)

State = Literal["valid", "revoked"]


class IssueBody(Body):
    """Which certificate: of the deal itself, or of an agreement's public notice."""

    kind: CertificateKind = CertificateKind.TRANSACTION


class RevocationBody(Body):
    """Why a certificate no longer holds; ``reason`` is for the parties, ``ground`` for all."""

    ground: RevocationGround
    reason: Reason


class SignedView(View):
    """Facts as they were signed, with the compact JWS that proves them."""

    facts: dict[str, Any]
    jws: str = Field(description="RFC 7515 over the RFC 8785 form of `facts`, Ed25519")


class PublicCertificateView(View):
    """What anybody may know: the fact, and whether the certificate holds."""

    number: str = Field(examples=["ZP-C-2026-000001"])
    kind: CertificateKind
    state: State
    issued_at: UtcView
    revoked_at: UtcView | None
    revocation_ground: RevocationGround | None
    public: SignedView

    @classmethod
    def public_of(cls, certificate: Certificate, fact: str) -> Self:
        """Build the view.

        Args:
            fact: The JWS of the public form.
        """
        return cls(**_shared(certificate, fact))


class CertificateView(PublicCertificateView):
    """A certificate for the parties of its deal: both forms."""

    deal_id: UUID
    revocation_reason: str | None
    full: SignedView

    @classmethod
    def of(cls, certificate: Certificate, tokens: tuple[str, str]) -> Self:
        """Build the view.

        Args:
            tokens: The JWS of the full and of the public form.
        """
        full, fact = tokens
        return cls(
            **_shared(certificate, fact),
            deal_id=certificate.deal_id,
            revocation_reason=certificate.revocation_reason,
            full=SignedView(facts=dict(certificate.facts), jws=full),
        )


def _shared(certificate: Certificate, fact: str) -> dict[str, Any]:
    return {
        "number": certificate.number,
        "kind": certificate.kind,
        "state": "valid" if certificate.revoked_at is None else "revoked",
        "issued_at": certificate.issued_at,
        "revoked_at": certificate.revoked_at,
        "revocation_ground": certificate.revocation_ground,
        "public": SignedView(facts=dict(certificate.public), jws=fact),
    }


class CertificateList(View):
    """All certificates of a deal, by the time of issue: one of a kind holds."""

    items: list[CertificateView]
