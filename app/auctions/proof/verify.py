"""Verify a bundle: form, signature, chain, published heads, replay, result, receipts.

Needs the file and nothing else: no network, no database, no clock. Keys that came from
elsewhere, receipts and chain heads that somebody kept make it stronger: the exchange could tell
a whole second story with its own key, but not one that fits those.
"""

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.auctions.domain.room import room
from app.auctions.proof.broken import LinkBroken
from app.auctions.proof.case import Case
from app.auctions.proof.form import (
    AUDIENCES,
    EVENT,
    EVENT_OF_AUDITOR,
    FACTS,
    FORMAT,
    KEYS,
    REVEALS,
    fold,
    link_of,
    statement,
)
from app.auctions.proof.receipts import check_receipt
from app.auctions.proof.replay import replay
from app.platform.signing import SignatureInvalid
from app.platform.signing import verify as verify_signature
from app.shared.canonical import GENESIS, chain_hash, salted_digest
from app.shared.jsonable import jsonable

Json = Mapping[str, Any]
Head = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Report:
    """What a bundle proves.

    Attributes:
        result: Status, winner's code and price, as the replay ends.
        bids: How many commands and system bids were replayed.
        notes: What was taken on the exchange's word, counted by kind.
        trusted_keys: The keys came from the caller, not from the file.
        heads, receipts: How many published heads and receipts of the caller's fit.
    """

    auction_id: str
    title: str
    audience: str
    events: int
    bids: int
    result: Json
    key_id: str
    notes: Counter[str] = field(default_factory=Counter)
    trusted_keys: bool = False
    heads: int = 0
    receipts: int = 0


def verify(
    bundle: Any,
    *,
    keys: Json | None = None,
    receipts: Sequence[str] = (),
    heads: Sequence[Json] = (),
) -> Report:
    """Return what a bundle proves.

    Args:
        keys: The exchange's JWKS as the caller knows it; else the file's own.
        receipts: Signed receipts (compact JWS) that bidders kept.
        heads: Chain heads as they were published, those of other auctions too.

    Raises:
        LinkBroken: Names the first link that does not hold.
    """
    _check_form(bundle)
    auction_id = bundle["auction"]["id"]
    jwks = _keys(bundle, keys)
    chain = _check_chain(bundle)
    kid = _check_signature(bundle, chain, jwks)
    own = [head for head in heads if head["auction_id"] == auction_id]
    _check_heads(bundle, own)
    _check_facts(bundle)
    case = _replay(bundle)
    result = _check_result(bundle, case)
    for receipt in receipts:
        check_receipt(receipt, bundle, jwks)
    return Report(
        auction_id=auction_id,
        title=bundle["auction"]["title"],
        audience=bundle["audience"],
        events=len(bundle["events"]),
        bids=case.state.judged_count,
        result=result,
        key_id=kid,
        notes=case.notes,
        trusted_keys=keys is not None,
        heads=len(own),
        receipts=len(receipts),
    )


_LISTS: Final = ("events", "reveals", "heads")


def _check_form(bundle: Any) -> None:
    malformed = LinkBroken(None, "不是本格式的证明文件", f"this is no {FORMAT} file")
    if not isinstance(bundle, dict) or bundle.get("format") != FORMAT:
        raise malformed
    if bundle.keys() != KEYS or bundle["audience"] not in AUDIENCES:
        raise malformed
    if not isinstance(bundle["auction"], dict) or bundle["auction"].keys() not in FACTS:
        raise malformed
    if not all(isinstance(bundle[name], list) for name in _LISTS):
        raise malformed
    wanted = EVENT_OF_AUDITOR if bundle["audience"] == "auditor" else EVENT
    for place, event in enumerate(bundle["events"], start=1):
        if not isinstance(event, dict) or event.keys() != wanted:
            raise LinkBroken(place, "事件字段不符", "the event has other fields")
    if not all(isinstance(item, dict) for name in _LISTS for item in bundle[name]):
        raise malformed


def _keys(bundle: Json, known: Json | None) -> dict[str, Any]:
    """Return the keys to check with; the file's own must be those that are known."""
    told = bundle["keys"]
    try:
        by_id = {key["kid"]: key for key in told["keys"]}
        if len(by_id) != len(told["keys"]) or told.keys() != {"keys"}:
            raise LinkBroken(None, "公钥集格式不符", "the key set is malformed")
        if known is None:
            return dict(told)
        trusted = {key["kid"]: key for key in known["keys"]}
    except (AttributeError, KeyError, TypeError):
        raise LinkBroken(None, "公钥集格式不符", "the key set is malformed") from None
    strange = sorted(kid for kid, key in by_id.items() if trusted.get(kid) != key)
    if strange:
        raise LinkBroken(
            None,
            "文件中的公钥不是已知的公钥",
            "a key is not one of the known ones",
            told=strange[0],
        )
    return dict(known)


def _check_chain(bundle: Json) -> Head:
    """Recompute every hash; versions have no gap."""
    auction_id, head = bundle["auction"]["id"], GENESIS
    is_auditor = bundle["audience"] == "auditor"
    for version, event in enumerate(bundle["events"], start=1):
        if event["version"] != version or type(event["version"]) is not int:
            raise LinkBroken(
                version,
                "版本号不连续",
                "a version is missing",
                told=event["version"],
                found=version,
            )
        try:
            if is_auditor:
                made = salted_digest(event["restricted"], bytes.fromhex(event["salt"]))
                if made != event["restricted_digest"]:
                    raise LinkBroken(version, "非公开部分与摘要不符", "the restricted part differs")
            head = chain_hash(head, link_of(auction_id, event))
        except (TypeError, ValueError) as failure:
            raise LinkBroken(
                version, "事件内容格式不符", "the event is malformed", told=repr(failure)
            ) from None
        if event["hash"] != head:
            raise LinkBroken(
                version,
                "链值与内容不符",
                "the hash does not follow",
                told=event["hash"],
                found=head,
            )
    return len(bundle["events"]), head


def _check_signature(bundle: Json, chain: Head, keys: dict[str, Any]) -> str:
    """Check that the exchange signed exactly this; return the key's id."""
    token = bundle["signature"]
    try:
        signed = verify_signature(token, keys) if token == _one_form(token) else None
    except (SignatureInvalid, ValueError, AttributeError):
        signed = None
    if signed is None:
        raise LinkBroken(
            None, "交易所签名不成立", "the exchange's signature does not verify"
        ) from None
    try:
        made = statement(
            audience=bundle["audience"],
            auction=bundle["auction"],
            chain=chain,
            reveals=fold(bundle["reveals"]),
            heads=bundle["heads"],
            result=bundle["result"],
            keys=bundle["keys"],
        )
        kid = next(key["kid"] for key in keys["keys"] if _signs(token, keys, key))
    except (TypeError, ValueError, KeyError, StopIteration):
        raise LinkBroken(None, "证明文件格式不符", "the file is malformed") from None
    for name in sorted(made.keys() | signed.keys()):
        if made.get(name) != signed.get(name):
            raise LinkBroken(
                None,
                f"签名所载的 {name} 与文件不符",
                f"'{name}' is not what was signed",
                told=made.get(name),
                found=signed.get(name),
            )
    return str(kid)


def _one_form(token: str) -> str:
    """Return a compact JWS as it is written: base64 has bits that decoders pass over."""
    parts = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _signs(token: str, keys: Json, key: Json) -> bool:
    if len(keys["keys"]) == 1:
        return True
    try:
        verify_signature(token, {"keys": [dict(key)]})
    except SignatureInvalid:
        return False
    return True


def _check_heads(bundle: Json, kept: Iterable[Json]) -> None:
    """Check that every published head lies on this chain, and none is concealed."""
    events = bundle["events"]
    shown = []
    for head in bundle["heads"]:
        if head.keys() != {"version", "hash"}:
            raise LinkBroken(None, "链头格式不符", "a published head is malformed", told=head)
        shown.append((head["version"], head["hash"]))
    if any(not isinstance(version, int) for version, _ in shown) or shown != sorted(set(shown)):
        raise LinkBroken(None, "链头顺序不符", "the published heads are out of order")
    for version, told in (*shown, *((head["version"], head["hash"]) for head in kept)):
        known = 1 <= version <= len(events)
        found = events[version - 1]["hash"] if known else None
        if found != told:
            raise LinkBroken(
                version,
                "与竞价期间公布的链头不符：另有一套记录",
                "the chain is not the one whose head was published: there are two stories",
                told=found,
                found=told,
            )
        if (version, told) not in shown:
            raise LinkBroken(
                version, "公布过的链头未列入文件", "the file conceals a published head", found=told
            )


def _check_facts(bundle: Json) -> None:
    """Check the cover against the announcement, which the chain holds."""
    facts = bundle["auction"]
    for event in bundle["events"]:
        public = event["public"]
        if event["type"] != "auction.announced":
            continue
        for name in sorted(facts.keys() - {"id"}):
            if not isinstance(public, dict) or public.get(name) != facts[name]:
                raise LinkBroken(
                    event["version"],
                    f"封面的 {name} 与公告不符",
                    f"the cover's '{name}' is not what was announced",
                    told=facts[name],
                    found=public.get(name) if isinstance(public, dict) else public,
                )
        return


def _replay(bundle: Json) -> Case:
    reveals: dict[int, Json] = {}
    last = 0
    for reveal in bundle["reveals"]:
        sequence = reveal.get("sequence")
        if type(sequence) is not int or sequence <= last:
            raise LinkBroken(None, "揭示顺序不符", "the reveals are out of order", told=sequence)
        if reveal.keys() - {"kind"} not in REVEALS:
            raise LinkBroken(None, "揭示字段不符", "a reveal has other fields", told=sequence)
        reveals[sequence] = reveal
        last = sequence
    is_auditor = bundle["audience"] == "auditor"
    return replay(bundle["auction"]["id"], bundle["events"], reveals, limits_known=is_auditor)


def _check_result(bundle: Json, case: Case) -> Json:
    shown = jsonable(room(case.state))
    found = {
        "status": shown["status"],
        "bidder_code": shown["leader_code"],
        "price": shown["leading"],
    }
    if bundle["result"] != found:
        raise LinkBroken(
            None, "所载结果与重演不符", "the result is another", told=bundle["result"], found=found
        )
    return found
