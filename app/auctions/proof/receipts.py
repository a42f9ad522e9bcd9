"""Check a bidder's receipt against a bundle: was its bid dropped, moved or changed?"""

from collections.abc import Mapping
from typing import Any

from app.auctions.proof.broken import LinkBroken
from app.platform.signing import SignatureInvalid, verify

Json = Mapping[str, Any]


class ReceiptDenied(LinkBroken):
    """The exchange signed for a bid that its bundle does not hold like that."""


def check_receipt(receipt: str, bundle: Json, keys: dict[str, Any]) -> Json:
    """Return what a receipt says, if the bundle says the same.

    Needs no replay: signature, auction, and the one event that the receipt names. So whoever
    has one receipt and the bundle can prove that a bid was dropped or changed.

    Raises:
        LinkBroken: The receipt is no signed receipt of this auction.
        ReceiptDenied: The bundle contradicts it: names what differs.
    """
    try:
        told = verify(receipt.strip(), keys)
    except SignatureInvalid:
        raise LinkBroken(
            None, "回执签名不成立", "the receipt is not signed with a key of the exchange"
        ) from None
    if told.get("kind") != "bid_receipt":
        raise LinkBroken(None, "不是报价回执", "this is no bid receipt", told=told.get("kind"))
    if told["auction_id"] != bundle["auction"]["id"]:
        raise LinkBroken(
            None,
            "回执属于另一场竞价",
            "the receipt is of another auction",
            told=told["auction_id"],
            found=bundle["auction"]["id"],
        )
    version = told["chain_version"]
    events = bundle["events"]
    if not 1 <= version <= len(events) or events[version - 1]["hash"] != told["chain_head"]:
        known = 1 <= version <= len(events)
        raise ReceiptDenied(
            version,
            f"回执载明第 {told['sequence']} 号报价在此，文件中没有",
            f"by its receipt bid {told['sequence']} stands here, and does not: it was dropped "
            "or the record was changed",
            told=events[version - 1]["hash"] if known else None,
            found=told["chain_head"],
        )
    _check_row(told, events[version - 1], bundle)
    return told


def _check_row(told: Json, event: Json, bundle: Json) -> None:
    rows = event["public"].get("bids", [])
    row = next((row for row in rows if row["id"] == told["bid_id"]), None)
    version = event["version"]
    if row is None:
        raise ReceiptDenied(
            version,
            f"第 {told['sequence']} 号报价被删除",
            f"bid {told['sequence']} was dropped",
            found=told["bid_id"],
        )
    expected: dict[str, Any] = {
        "sequence": told["sequence"],
        "refusal": told["refusal"],
        "asked": told["asked"],
        "judged_at": told["judged_at"],
    }
    shown: dict[str, Any] = {
        "sequence": row["sequence"],
        "refusal": row.get("refusal"),
        "asked": row.get("kind", "bid"),
        "judged_at": event["market_at"],
    }
    if told["refusal"] is None:
        expected["bidder_code"], shown["bidder_code"] = told["bidder_code"], row["bidder_code"]
    if "commitment" in told:
        expected["commitment"], shown["commitment"] = told["commitment"], row.get("commitment")
    else:
        expected["amount"], shown["amount"] = told["amount"], row.get("amount")
    _same(version, expected, shown)
    reveal = next((one for one in bundle["reveals"] if one.get("id") == told["bid_id"]), None)
    if reveal is not None:
        known = {name: told[name] for name in ("bidder_code", "amount") if name in told}
        _same(version, known, {name: reveal.get(name) for name in known})


def _same(version: int, expected: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    for name, value in expected.items():
        if shown[name] != value:
            raise ReceiptDenied(
                version,
                f"回执的 {name} 与文件不符",
                f"the receipt's '{name}' is not what the file says",
                told=shown[name],
                found=value,
            )
