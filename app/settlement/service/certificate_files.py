"""Certificates as files: the token, the JSON, and the sealed PDF/A with its QR code.

A PDF names in its keywords a seal: a JWS over the SHA-256 of the file with zeros in the seal's
place, so that no byte of it can change. Ed25519 and the rendering are deterministic, so the
same certificate gives the same files for ever on one version of the program.
"""

import io
import re
import zlib
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import segno

from app.platform.documents import render_pdf
from app.platform.signing import Signer
from app.settlement.domain.certificate_print import printed
from app.settlement.domain.certificates import Certificate
from app.shared.canonical import canonical_json

SEAL_FORMAT: Final = "zhepai-certificate-pdf/1"
JSON_KEYS: Final = frozenset({"facts", "jws"})

_TEMPLATE: Final = Path(__file__).parents[1] / "documents" / "certificate.typ"
_MARK: Final = b"zhepai-seal:"
_SEAL: Final = re.compile(rb"zhepai-seal:([\w.-]+)", re.ASCII)
# An attachment: its length, and whether it is compressed, which short ones need not be.
_ATTACHED: Final = re.compile(rb"/Length (\d+)/Type/EmbeddedFile(.*?)stream\r?\n", re.DOTALL)
_ATTACHMENT_BYTES_MAX: Final = 1_000_000


class FileForm(StrEnum):
    """The files of a certificate."""

    PDF = "pdf"
    JWS = "jws"
    JSON = "json"


def tokens(signer: Signer, certificate: Certificate) -> tuple[str, str]:
    """Return the JWS of the full and of the public form; the signer has loaded the key.

    Invariants: ST191, ST196.
    """
    kid = certificate.kid
    return signer.sign(kid, dict(certificate.facts)), signer.sign(kid, dict(certificate.public))


def write(signer: Signer, certificate: Certificate, form: FileForm, *, public: bool) -> bytes:
    """Return a certificate's file; a PDF takes about 0.2 s, so never call it in a transaction."""
    full, fact = tokens(signer, certificate)
    token = fact if public else full
    match form:
        case FileForm.JWS:
            return token.encode()
        case FileForm.JSON:
            facts = certificate.public if public else certificate.facts
            return canonical_json({"facts": facts, "jws": token})
        case FileForm.PDF:
            return _write_pdf(signer, certificate, token, fact, public=public)


def qr_code(token: str) -> segno.QRCode:
    """Return the QR code that carries a token, byte for byte; invariant ST197."""
    return segno.make_qr(token, error="m", boost_error=False)


def _svg(code: segno.QRCode) -> str:
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", xmldecl=False, border=4)
    return drawn.getvalue().decode()


def _write_pdf(
    signer: Signer, certificate: Certificate, token: str, fact: str, *, public: bool
) -> bytes:
    form = "public" if public else "full"
    empty = "0" * len(_seal(signer, certificate, form, "0" * 64))
    data = {
        **printed(certificate.facts, certificate.public, is_public=public),
        "jws": token,
        "qr": _svg(qr_code(fact)),
        "seal": empty,
    }
    pdf = render_pdf(_TEMPLATE, data, at=certificate.issued_at, standard="a-3b")
    seal = _seal(signer, certificate, form, sha256(pdf).hexdigest())
    return pdf.replace(_MARK + empty.encode(), _MARK + seal.encode())


def _seal(signer: Signer, certificate: Certificate, form: str, digest: str) -> str:
    told = {
        "format": SEAL_FORMAT,
        "number": certificate.number,
        "form": form,
        "sha256": digest,
    }
    return signer.sign(certificate.kid, told)


class SealMissing(Exception):
    """The file is no certificate's PDF, or its seal was touched."""


def open_pdf(pdf: bytes) -> tuple[str, str, str]:
    """Return a PDF's seal, the SHA-256 that it must name, and the attached token.

    Raises:
        SealMissing: One of them is not there, or there twice and not the same.
    """
    seals = set(_SEAL.findall(pdf))
    attached = list(_ATTACHED.finditer(pdf))
    if len(seals) != 1 or len(attached) != 1:
        raise SealMissing
    (seal,) = seals
    unsealed = pdf.replace(_MARK + seal, _MARK + b"0" * len(seal))
    try:
        token = _content(pdf, attached[0])
        return seal.decode(), sha256(unsealed).hexdigest(), token.decode()
    except (zlib.error, ValueError) as failure:
        raise SealMissing from failure


def _content(pdf: bytes, attachment: re.Match[bytes]) -> bytes:
    length, how = int(attachment.group(1)), attachment.group(2)
    stored = pdf[attachment.end() : attachment.end() + length]
    if b"/FlateDecode" not in how:
        return stored
    return zlib.decompressobj().decompress(stored, _ATTACHMENT_BYTES_MAX)


def read_json(told: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the token of a JSON certificate and the facts beside it.

    Raises:
        SealMissing: It is not of this form.
    """
    if set(told) != JSON_KEYS or not isinstance(told["jws"], str):
        raise SealMissing
    return told["jws"], told["facts"]
