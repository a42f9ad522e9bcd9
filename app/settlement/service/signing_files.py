"""E-signature providers: what goes out to be signed, and what a signed file brings back.

`FileSignatures` is the provider of an exchange without a contract with one: people carry a
package to whatever signs PDFs, and bring the signed file back with its certificate's facts.
Another provider implements the same two steps over its own API.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from app.settlement.domain.esignature import CertificateFacts, check_signed_file, manifest
from app.settlement.domain.signing import TextVersion

# The oldest moment a zip knows: equal packages are equal bytes.
_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A text as the file that is signed."""

    name: str
    content: bytes


class SignatureProvider(Protocol):
    """What signs a text."""

    def package(
        self, text: TextVersion, file: Exported, *, deal_number: str, sides: Mapping[str, str]
    ) -> bytes:
        """Return what is handed to the signatories; ``sides`` are the parties' names by side."""
        ...

    def accept(
        self,
        text: TextVersion,
        file: Exported,
        signed: bytes,
        certificate: CertificateFacts,
        *,
        names: tuple[str, ...],
        now: datetime,
    ) -> dict[str, Any]:
        """Return the evidence of a signature under the text.

        Raises:
            SignedFileUnfit: It is none.
        """
        ...


class FileSignatures:
    """Signing by files: a zip goes out, a signed PDF comes back."""

    def package(
        self, text: TextVersion, file: Exported, *, deal_number: str, sides: Mapping[str, str]
    ) -> bytes:
        """Return a zip of the document and its manifest; the same text gives the same bytes."""
        told = manifest(
            deal_number=deal_number,
            text_number=text.number,
            text_hash=text.text_hash,
            document_name=file.name,
            document=file.content,
            sides=sides,
        )
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            shown = json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True)
            for name, content in (("manifest.json", shown.encode()), (file.name, file.content)):
                entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def accept(
        self,
        text: TextVersion,
        file: Exported,
        signed: bytes,
        certificate: CertificateFacts,
        *,
        names: tuple[str, ...],
        now: datetime,
    ) -> dict[str, Any]:
        """Check the signed PDF against the exported one and the certificate's facts (ST39)."""
        return check_signed_file(
            file.content, signed, certificate, names=names, drafted_at=text.drafted_at, now=now
        )


PROVIDER: Final[SignatureProvider] = FileSignatures()
