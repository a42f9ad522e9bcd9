"""What a signed PDF proves by itself: it is the text, and a signature covers all of it.

A signature is added behind the document's own bytes (incremental update), so the exported file
is the beginning of the signed one; its ``/ByteRange`` covers everything but the signature's own
container, which holds the digest of what it covers. Whether the certificate was trusted on the
day is the provider's report to say.

Source: ISO 32000-1, 7.5.6 and 12.8; GB/T 38540; 电子签名法 13.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.settlement.domain.payment import same_name
from app.shared.errors import RuleBroken
from app.shared.findings import Findings

_RANGE: Final = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_HEX: Final = re.compile(rb"<([0-9A-Fa-f]+)>")
_DIGESTS: Final = ("sha256", "sha384", "sha512", "sm3")


class SignedFileUnfit(RuleBroken):
    """The file is not the text signed, or its certificate does not fit the signatory."""

    code = "signed_file_unfit"
    title_zh = "签署文件或证书信息不符合要求"
    title_en = "The signed file or its certificate does not fit"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What the signature's certificate says, as the provider reports it.

    Attributes:
        subject: Name of the party or the person that it was issued to.
        signed_at: The signature's moment; its time stamp, if it has one.
    """

    provider: str
    issuer: str
    subject: str
    serial_number: str
    valid_from: datetime
    valid_to: datetime
    signed_at: datetime


def check_signed_file(
    document: bytes,
    signed: bytes,
    certificate: CertificateFacts,
    *,
    names: tuple[str, ...],
    drafted_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    """Return the evidence that a signed file gives; all faults at once.

    Args:
        document: The exported text, byte for byte.
        names: To whom the certificate may have been issued: party and signatory.

    Raises:
        SignedFileUnfit: Names each fault and what would be accepted.

    Invariant: ST39.
    """
    findings = Findings()
    whole = len(signed) > len(document) and signed.startswith(document)
    findings.require(
        whole,
        "signed_file_id",
        rule="not_the_text",
        message="The signed file must begin with the exported document, byte for byte.",
        sha256=hashlib.sha256(document).hexdigest(),
    )
    algorithm = _covering_digest(signed, len(document)) if whole else None
    findings.require(
        algorithm is not None or not whole,
        "signed_file_id",
        rule="signature_missing",
        message="Behind the text there must be a PDF signature that covers the whole file.",
        digests=list(_DIGESTS),
    )
    _check_certificate(certificate, names, drafted_at, now, findings)
    if findings.errors:
        raise SignedFileUnfit(findings.summary(), errors=findings.errors)
    return {
        "certificate": certificate,
        "file_sha256": hashlib.sha256(signed).hexdigest(),
        "digest_algorithm": algorithm,
    }


def _check_certificate(
    certificate: CertificateFacts,
    names: tuple[str, ...],
    drafted_at: datetime,
    now: datetime,
    findings: Findings,
) -> None:
    findings.require(
        any(same_name(certificate.subject, name) for name in names),
        "certificate.subject",
        rule="subject_differs",
        message="The certificate was issued to somebody else.",
        values=list(names),
    )
    findings.require(
        certificate.valid_from <= certificate.signed_at < certificate.valid_to,
        "certificate.signed_at",
        rule="certificate_not_valid",
        message="The certificate was not valid when it signed.",
        minimum=certificate.valid_from.isoformat(),
        maximum=certificate.valid_to.isoformat(),
    )
    findings.require(
        drafted_at <= certificate.signed_at <= now,
        "certificate.signed_at",
        rule="signed_at_out_of_range",
        message="Nobody signs before the text exists, or in the future.",
        minimum=drafted_at.isoformat(),
        maximum=now.isoformat(),
    )


def _covering_digest(signed: bytes, document_length: int) -> str | None:
    """Return the digest by which a signature covers the whole file, ``None`` if none does."""
    for found in _RANGE.finditer(signed, document_length):
        first, length, second, rest = map(int, found.groups())
        if first or length < document_length or second + rest != len(signed) or second < length:
            continue
        container = _HEX.search(signed, length, second)
        if container is None or len(container[1]) % 2:
            continue
        inside = bytes.fromhex(container[1].decode())
        covered = signed[:length] + signed[second:]
        for name in _DIGESTS:
            if name in hashlib.algorithms_available and _digest(name, covered) in inside:
                return name
    return None


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.new(name, content, usedforsecurity=False).digest()


def manifest(
    *,
    deal_number: str,
    text_number: int,
    text_hash: str,
    document_name: str,
    document: bytes,
    sides: Mapping[str, str],
) -> dict[str, Any]:
    """Return what a signing package says of the document in it."""
    return {
        "form": "zhepai-signing-package-1",
        "deal_number": deal_number,
        "text_number": text_number,
        "text_hash": text_hash,
        "document": {
            "name": document_name,
            "sha256": hashlib.sha256(document).hexdigest(),
            "size_bytes": len(document),
        },
        "sides": dict(sides),
        "accepted": "PDF signature as incremental update behind the document's own bytes",
    }
