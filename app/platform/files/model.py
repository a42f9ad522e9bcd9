"""What a file is and who may read it."""

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final
from uuid import UUID

import puremagic
from sqlalchemy import BigInteger, DateTime, Enum, FetchedValue, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.access import Actor, Role
from app.platform.db import Base
from app.shared.errors import RuleBroken

ACCEPTED: Final = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".csv": "text/csv",
    ".txt": "text/plain",
}
_TEXT: Final = {".csv", ".txt"}
_OFFICE: Final = {".docx": "word/document.xml", ".xlsx": "xl/workbook.xml"}
_JPEG: Final = {".jpg", ".jpeg", ".jfif"}


class Audience(StrEnum):
    """Who may read a file beside its owner and the market's operators and auditors."""

    PUBLIC = "public"
    MARKET = "market"
    OWNER = "owner"


class FileTypeRefused(RuleBroken):
    """Only document and image types are kept, and the content must be what the name says."""

    code = "file_type_refused"
    title_zh = "文件类型不受支持或与内容不符"
    title_en = "The file type is not accepted or does not match the content"


class FileTooLarge(RuleBroken):
    """The file is larger than the exchange keeps."""

    code = "file_too_large"
    title_zh = "文件过大"
    title_en = "The file is too large"


class FileRow(Base):
    """One upload; equal contents share their bytes on disk."""

    __tablename__ = "files"
    __table_args__ = (Index("ix_files_party_id", "party_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    party_id: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    audience: Mapped[Audience] = mapped_column(
        Enum(Audience, native_enum=False, values_callable=lambda kind: [str(v) for v in kind])
    )
    uploaded_by: Mapped[str] = mapped_column(String(60))
    uploaded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=FetchedValue()
    )


class FileGrantRow(Base):
    """A further party of the file's market that may read a file, and what that rests on."""

    __tablename__ = "file_grants"
    __table_args__ = (Index("ix_file_grants_ground_id", "ground_id"),)

    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    ground_id: Mapped[UUID] = mapped_column(primary_key=True)


def plain_name(name: str) -> str:
    """Return a file's name without folders and control characters, its last 200 characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[-200:]


def media_type_of(name: str, content: bytes) -> str:
    """Return the media type, checked against the content itself.

    Text that is not UTF-8 says so: spreadsheets here still save CSV as GB 18030.

    Raises:
        FileTypeRefused: Names the accepted endings.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in ACCEPTED or not _content_matches(suffix, content):
        raise FileTypeRefused(
            "The name's ending must be an accepted one and agree with the content.",
            field="file",
            accepted=sorted(ACCEPTED),
        )
    if suffix in _TEXT and not _is_text(content, "utf-8"):
        return f"{ACCEPTED[suffix]}; charset=gb18030"
    return ACCEPTED[suffix]


def _content_matches(suffix: str, content: bytes) -> bool:
    if suffix in _TEXT:
        return _is_text(content, "utf-8") or _is_text(content, "gb18030")
    if suffix in _OFFICE:
        return _holds(content, _OFFICE[suffix])
    try:
        found: Iterable[str] = {match.extension for match in puremagic.magic_string(content)}
    except (puremagic.PureError, ValueError):
        return False
    wanted = _JPEG if suffix in _JPEG else {suffix}
    return not wanted.isdisjoint(found)


def _is_text(content: bytes, encoding: str) -> bool:
    try:
        return "\x00" not in content.decode(encoding)
    except UnicodeDecodeError:
        return False


def _holds(content: bytes, member: str) -> bool:
    # Every zip archive begins like an office document; only these have its main part.
    try:
        return member in zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def may_read(actor: Actor, file: FileRow) -> bool:
    """Tell whether the actor is in the file's audience."""
    if file.audience is Audience.PUBLIC:
        return True
    if actor.market_id != file.market_id:
        return False
    if actor.party_id == file.party_id or actor.role in {Role.OPERATOR, Role.AUDITOR}:
        return True
    return file.audience is Audience.MARKET and actor.role is not Role.ANONYMOUS
