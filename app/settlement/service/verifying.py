"""Verify a certificate's file: offline, with the exchange's keys and its list of revocations.

Needs the files and nothing else: no network and no database; the caller's clock only tells
whether a list of revocations is old.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app.platform.signing import SignatureInvalid, verify
from app.settlement.domain.certificate_print import printed_fact
from app.settlement.domain.certificates import FORMAT, PUBLIC_FORMAT, REVOCATIONS_FORMAT
from app.settlement.service.certificate_files import (
    JSON_KEYS,
    SEAL_FORMAT,
    SealMissing,
    open_pdf,
    read_json,
)
from app.shared.canonical import canonical_json

_PDF: Final = b"%PDF-"
_TOKEN: Final = b"eyJ"  # what every compact JWS begins with
_KEYS_WANTED: Final = (
    "请以 --keys 给出交易所公布的公钥（/.well-known/jwks.json） / "
    "Give the exchange's published keys with --keys\n"
)
_FORMATS: Final = frozenset({FORMAT, PUBLIC_FORMAT})

Json = Mapping[str, Any]


class CertificateBroken(Exception):
    """A file does not show what it says.

    Args:
        zh, en: What does not hold.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Verified:
    """What a certificate's file shows.

    Attributes:
        facts: What was signed.
        revoked: Its entry in the list, if it has one.
        listed_at: As of when the list speaks; ``None`` without a list.
        next_update: After that the list is old.
    """

    facts: Json
    revoked: Json | None
    listed_at: str | None
    next_update: str | None


def verify_certificate(
    path: Path, *, keys: Path | None, revoked: Path | None = None, now: datetime
) -> tuple[str, bool]:
    """Verify a certificate's PDF, JWS or JSON file; return what to tell and whether it holds.

    Args:
        keys: File with the exchange's JWKS, as saved from it; a certificate holds none itself.
        revoked: File with its signed list of revocations, as saved from it.
        now: By the clock of whoever asks: an old list is said to be old.
    """
    if keys is None:
        return _KEYS_WANTED, False
    try:
        jwks = json.loads(keys.read_bytes())
        listed = None if revoked is None else revoked.read_bytes()
        shown = check(path.read_bytes(), jwks, listed=listed)
    except CertificateBroken as broken:
        return f"不成立 / BROKEN\n{broken.zh} / {broken.en}\n", False
    except (OSError, ValueError, RecursionError) as failure:
        return f"不成立 / BROKEN\n无法读取公钥或文件 / unreadable: {failure}\n", False
    return _told(shown, now), shown.revoked is None


def is_certificate(path: Path) -> bool:
    """Tell whether a file looks like a certificate of any form; false if it cannot be read."""
    try:
        content = path.read_bytes()
        if content.startswith((_PDF, _TOKEN)):
            return True
        told = json.loads(content)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(told, dict) and set(told) == JSON_KEYS


def check(content: bytes, jwks: Any, *, listed: bytes | None = None) -> Verified:
    """Return what a certificate's file shows.

    Args:
        content: The PDF, the compact JWS, or the JSON file.
        jwks: The exchange's keys.
        listed: Its signed list of revocations.

    Raises:
        CertificateBroken: Names the first thing that does not hold.

    Invariants: ST194, ST195, ST196.
    """
    if not (isinstance(jwks, dict) and isinstance(jwks.get("keys"), list)):
        raise CertificateBroken("公钥文件不是 JWKS", "the keys file is no JWKS")
    try:
        facts = _facts(content, jwks)
        if facts["format"] not in _FORMATS:
            raise CertificateBroken("不是凭证", "what was signed is no certificate")
        if listed is None:
            return Verified(facts, None, None, None)
        return _against(facts, _signed(listed.decode("ascii").strip(), jwks, "撤销名单"))
    except SealMissing:
        raise CertificateBroken(
            "文件不是凭证，或已被改动", "this is no certificate's file, or it was changed"
        ) from None
    except (KeyError, TypeError, AttributeError, ValueError) as failure:
        raise CertificateBroken("内容格式不符", f"malformed: {failure!r}") from None


def _facts(content: bytes, jwks: Any) -> Json:
    if content.startswith(_PDF):
        seal, digest, token = open_pdf(content)
        sealed = _signed(seal, jwks, "文件封印")
        facts = _signed(token, jwks, "凭证")
        form = "public" if facts["format"] == PUBLIC_FORMAT else "full"
        stated = {"format": SEAL_FORMAT, "number": facts["number"], "form": form, "sha256": digest}
        if sealed != stated:
            raise CertificateBroken("文件内容被改动", "the file is not what was sealed")
        return facts
    text = content.decode().strip()
    if text.startswith("{"):
        token, told = read_json(json.loads(text))
        facts = _signed(token, jwks, "凭证")
        if told != facts:
            raise CertificateBroken("所载事实与签名不符", "the facts are not what was signed")
        return facts
    return _signed(text, jwks, "凭证")


def _signed(token: str, jwks: Any, what: str) -> Json:
    """Return what a token signs; it must be written in the one canonical way."""
    try:
        payload = verify(token, jwks)
    except SignatureInvalid:
        if _lacks_key(token, jwks):
            raise CertificateBroken(
                f"公钥文件中没有{what}签名所用的密钥，请重新取得公钥",
                "the keys file lacks the key that signed: get the exchange's keys anew",
            ) from None
        raise CertificateBroken(f"{what}签名无效", "a signature does not verify") from None
    header, body, signature = token.split(".")
    again = (_b64(_raw(header)), _b64(canonical_json(payload)), _b64(_raw(signature)))
    if again != (header, body, signature):
        raise CertificateBroken(f"{what}编码被改动", "the token is not in canonical form")
    return payload


def _lacks_key(token: str, jwks: Any) -> bool:
    """Tell whether a token names a key that the file does not have, as after a change of keys."""
    try:
        kid = json.loads(_raw(token.partition(".")[0]))["kid"]
        return kid not in [key["kid"] for key in jwks["keys"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _against(facts: Json, listed: Json) -> Verified:
    market = facts["market"]
    code = market if isinstance(market, str) else market["code"]
    if (listed["format"], listed["market"]) != (REVOCATIONS_FORMAT, code):
        raise CertificateBroken("不是该交易所的撤销名单", "not this exchange's revocations")
    if datetime.fromisoformat(listed["issued_at"]) < datetime.fromisoformat(facts["issued_at"]):
        raise CertificateBroken(
            "撤销名单早于凭证，请重新下载", "the list is older than the certificate: get a new one"
        )
    entry = next((it for it in listed["revoked"] if it["number"] == facts["number"]), None)
    return Verified(facts, entry, listed["issued_at"], listed["next_update"])


def _told(shown: Verified, now: datetime) -> str:
    facts = shown.facts
    head = "已撤销 / REVOKED" if shown.revoked else "成立 / VERIFIED"
    lines = [f"{head}: {facts['number']}"]
    lines += [f"  {zh} / {en}: {value or '—'}" for zh, en, value in printed_fact(facts)]
    if shown.revoked is not None:
        ground, at = shown.revoked["ground"], shown.revoked["revoked_at"]
        lines.append(f"  撤销 / revoked: {ground} {at}")
    if shown.listed_at is None:
        lines.append(
            "  注 / note: 未核对撤销名单 (--revoked) / not compared with the list of revocations"
        )
    else:
        lines.append(
            f"  撤销名单 / revocations as of {shown.listed_at}, "
            f"下次更新 / next update {shown.next_update}"
        )
        if shown.next_update is not None and datetime.fromisoformat(shown.next_update) < now:
            lines.append("  注 / note: 撤销名单已过期，请重新取得 / the list is old: get a new one")
    return "\n".join(lines) + "\n"
