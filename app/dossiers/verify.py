"""Verify a dossier's archive: signature, files, chains, notices, reports, valuations, bids.

Needs the file and nothing else: no network, no database, no clock.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from app.auctions.public import ProofBroken, verify_proof
from app.dossiers.domain.form import (
    FACTS_FILE,
    FORMAT,
    KEYS_FILE,
    MANIFEST_FILE,
    PROOF_FILE,
    REPORT_FILE,
    EvidenceBroken,
    by_subject,
    has_ended_auction,
    head_of,
)
from app.platform.signing import SignatureInvalid, verify
from app.shared.canonical import digest
from app.valuations.public import recompute

Json = Mapping[str, Any]

_SIZE_MAX_BYTES: Final = 500_000_000  # unpacked, so that no archive fills the memory


@dataclass(frozen=True, slots=True)
class Report:
    """What a dossier shows.

    Attributes:
        events, notices, objections, appraisals: How many were verified.
        bids: How many verdicts were replayed, ``None`` without an auction's proof.
        trusted_keys: The keys came from the caller, not from the file.
    """

    statement: Json
    facts: Json
    events: int
    notices: int
    appraisals: int
    bids: int | None
    trusted_keys: bool


def verify_archive(path: Path, *, keys: Path | None = None) -> tuple[str, bool]:
    """Verify a dossier file; return what to tell and whether it holds.

    Args:
        keys: File with the exchange's JWKS, got elsewhere; else the archive's own are used.
    """
    try:
        known = None if keys is None else json.loads(keys.read_text(encoding="utf-8"))
        report = check(path.read_bytes(), keys=known)
    except EvidenceBroken as broken:
        return f"不成立 / BROKEN\n{broken.text()}\n", False
    except (OSError, ValueError) as failure:
        return f"不成立 / BROKEN\n无法读取公钥或文件 / unreadable: {failure}\n", False
    return _told(report), True


def check(archive: bytes, *, keys: Json | None = None) -> Report:
    """Return what an archive shows.

    Raises:
        EvidenceBroken: Names the first thing that does not hold.

    Invariants: DS1, DS2, DS3.
    """
    try:
        return _check(archive, keys)
    except (KeyError, TypeError, AttributeError, ValueError) as failure:
        # Only who signs with keys of its own can send this, but it is told, too.
        raise EvidenceBroken("内容格式不符", f"malformed: {failure!r}") from None


def _check(archive: bytes, keys: Json | None) -> Report:
    files = _unpack(archive)
    told = _json(files, KEYS_FILE)
    jwks = dict(keys if keys is not None else told)
    statement = _signed(files[MANIFEST_FILE].decode("ascii", "replace"), jwks, MANIFEST_FILE)
    if statement.get("format") != FORMAT:
        raise EvidenceBroken("不是本格式的尽职证据", f"this is no {FORMAT} file")
    _check_files(files, statement)
    facts = _json(files, FACTS_FILE)
    _check_subjects(facts, statement)
    _check_chains(facts, statement)
    _check_notices(facts)
    _check_appraisals(facts, jwks)
    bids = _check_proof(files, facts, jwks)
    return Report(
        statement=statement,
        facts=facts,
        events=len(facts["events"]),
        notices=len(facts["notices"]),
        appraisals=len(facts["evaluations"]) + len(facts["valuations"]),
        bids=bids,
        trusted_keys=keys is not None,
    )


def _unpack(archive: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = opened.infolist()
            names = [member.filename for member in members]
            if len(set(names)) != len(names):
                raise EvidenceBroken("文件重名", "two files have one name")
            if sum(member.file_size for member in members) > _SIZE_MAX_BYTES:
                raise EvidenceBroken("文件过大", "the archive is too large")
            files = {name: opened.read(name) for name in names}
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as failure:
        raise EvidenceBroken("压缩包无法读取", f"unreadable archive: {failure}") from None
    missing = {FACTS_FILE, REPORT_FILE, KEYS_FILE, MANIFEST_FILE} - files.keys()
    if missing:
        raise EvidenceBroken("缺少文件", "a file is missing", where=min(missing))
    return files


def _json(files: Mapping[str, bytes], name: str) -> Any:
    try:
        return json.loads(files[name])
    except (ValueError, RecursionError):
        raise EvidenceBroken("不是 JSON", "this is not JSON", where=name) from None


def _signed(token: str, jwks: dict[str, Any], where: str) -> Json:
    try:
        return verify(token, jwks)
    except SignatureInvalid:
        raise EvidenceBroken("签名无效", "the signature does not verify", where=where) from None


def _check_files(files: Mapping[str, bytes], statement: Json) -> None:
    found = {name: sha256(content).hexdigest() for name, content in files.items()}
    del found[MANIFEST_FILE]
    for name in sorted(found.keys() | statement["files"].keys()):
        if found.get(name) != statement["files"].get(name):
            raise EvidenceBroken("文件与签名清单不符", "not what was signed", where=name)


def _check_subjects(facts: Json, statement: Json) -> None:
    """Check that the facts are of the listing that was signed, each with its events."""
    listing = facts["listing"]
    if (listing["id"], listing["number"]) != (
        statement["listing_id"],
        statement["listing_number"],
    ):
        raise EvidenceBroken("事实属于其他项目", "the facts are another listing's")
    told = {listing["id"], listing["achievement_id"], listing["auction_id"]} - {None}
    told |= {item["id"] for name in ("deals", *_APPRAISALS) for item in facts[name]}
    for subject in sorted(told - statement["heads"].keys()):
        raise EvidenceBroken("缺少其全部事件", "all its events are missing", where=subject)


def _check_chains(facts: Json, statement: Json) -> None:
    chains = by_subject(facts["events"])
    heads = {subject: head_of(subject, chain) for subject, chain in chains.items()}
    for subject in sorted(heads.keys() | statement["heads"].keys()):
        if heads.get(subject) != statement["heads"].get(subject):
            raise EvidenceBroken("链头与签名清单不符", "not the signed head", where=subject)


def _check_notices(facts: Json) -> None:
    """Check that each notice is the one that was journaled when it was published."""
    journaled = {
        event["public"].get("content_hash")
        for event in facts["events"]
        if event["subject"] == "listing"
    }
    told = {notice["content_hash"] for notice in facts["notices"]}
    for notice in facts["notices"]:
        if digest(notice["content"]) != notice["content_hash"]:
            raise EvidenceBroken("公告内容被改动", "its text was changed", where=notice["number"])
        if notice["content_hash"] not in journaled:
            raise EvidenceBroken("公告未见于日志", "it was not journaled", where=notice["number"])
    if not (journaled - {None}) <= told:
        raise EvidenceBroken("缺少公告", "a published notice is missing")


_APPRAISALS: Final = {"evaluations": "evaluation_id", "valuations": "valuation_id"}


def _check_appraisals(facts: Json, jwks: dict[str, Any]) -> None:
    """Check that each appraisal is signed and is of this listing's result, each told once."""
    for name, key in _APPRAISALS.items():
        ids = [item["id"] for item in facts[name]]
        if len(set(ids)) != len(ids):
            raise EvidenceBroken("评价或估值重复", "an appraisal is told twice", where=name)
        for item in facts[name]:
            where = f"{key.removesuffix('_id')} {item['id']}"
            payload = _signed(item["jws"], jwks, where)
            of = payload["subject"]["achievement_id"]
            if (payload[key], of) != (item["id"], facts["listing"]["achievement_id"]):
                raise EvidenceBroken("属于其他成果或其他报告", "it is another's", where=where)
            for finding in recompute(payload) if name == "valuations" else ():
                raise EvidenceBroken(
                    "估值不能重算出所载结果", f"it does not recompute: {finding}", where=where
                )


def _check_proof(files: Mapping[str, bytes], facts: Json, jwks: dict[str, Any]) -> int | None:
    if PROOF_FILE not in files:
        if has_ended_auction(facts):
            raise EvidenceBroken("缺少竞价证明", "the ended auction's proof is missing")
        return None
    bundle = _json(files, PROOF_FILE)
    try:
        proof = verify_proof(bundle, keys=jwks)
    except ProofBroken as broken:
        raise EvidenceBroken(broken.zh, broken.en, where=PROOF_FILE) from None
    if proof.auction_id != facts["listing"]["auction_id"]:
        raise EvidenceBroken("竞价证明属于其他项目", "another listing's proof", where=PROOF_FILE)
    proved = [event["hash"] for event in bundle["events"]]
    told = by_subject(facts["events"])[proof.auction_id]
    if [event["hash"] for event in told] != proved[: len(told)]:
        raise EvidenceBroken("竞价证明与事件不符", "it proves other events", where=PROOF_FILE)
    return proof.bids


def _told(report: Report) -> str:
    listing = report.facts["listing"]
    lines = [
        f"成立 / VERIFIED: {listing['title']} ({listing['number']})",
        f"  {report.events} 个事件，链完整 / events, chains whole",
        f"  {report.notices} 份公告与日志相符 / notices as journaled",
        f"  {report.appraisals} 份评价与估值，签名有效、结果可重算 / appraisals signed, recomputed",
    ]
    if report.bids is not None:
        lines.append(f"  {report.bids} 次竞价裁定已重演 / verdicts of the bidding replayed")
    lines.append(f"  状态 / status: {listing['status']}")
    lines.append(f"  生成 / made: {report.statement['made_at']}")
    closed = sum(event["restricted"] is None for event in report.facts["events"])
    if closed:
        lines.append(
            f"  注 / note: {closed} 个事件的未公开部分不在本版中，以摘要证明 / restricted parts "
            "that are not in this copy are held by their digests"
        )
    if not report.trusted_keys:
        lines.append(
            "  注 / note: 公钥取自本文件，请与交易所公布的公钥核对 (--keys) / the keys are the "
            "file's own: compare them with the published ones"
        )
    return "\n".join(lines) + "\n"
