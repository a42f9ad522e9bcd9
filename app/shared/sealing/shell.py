"""What the shell's commands for bidders and share holders do; they need no database."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from app.shared.canonical import canonical_json
from app.shared.errors import DomainError
from app.shared.money import Money
from app.shared.sealing.dealing import seal_and_keep, seal_document
from app.shared.sealing.holder import ShareHolder
from app.shared.sealing.opening import decrypt_share, index_of
from app.shared.sealing.possession import prove_holder
from app.shared.sealing.primitives import KEY_BYTES, b64, public_of, unb64


class InputUnusable(ValueError):
    """A file, an address or an option does not hold what the command needs."""


def make_holder_key(path: Path) -> str:
    """Write a new private key that only its owner can read; return the public key.

    Raises:
        InputUnusable: The file exists, because a key once lost opens nothing any more.
    """
    private = X25519PrivateKey.generate().private_bytes_raw()
    write_private(path, b64(private) + "\n")
    return b64(public_of(private))


def write_private(path: Path, text: str) -> None:
    """Write a new file of mode 0600.

    Raises:
        InputUnusable: It exists.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputUnusable(f"文件已存在，不覆盖 / Not overwritten: {path}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def read_private_key(path: Path) -> bytes:
    """Return the private key in a file that ``make_holder_key`` wrote.

    Raises:
        InputUnusable: It has no such key.
    """
    raw = unb64(path.read_text(encoding="utf-8", errors="replace").strip(), KEY_BYTES)
    if raw is None:
        raise InputUnusable(f"不是私钥文件 / Not a file of a private key: {path}")
    return raw


def read_json(path: Path) -> Any:
    """Return a file's JSON.

    Raises:
        InputUnusable: It is not JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise InputUnusable(f"不是JSON / Not JSON: {path}: {error}") from None


def holders_of(auction: object) -> tuple[str, list[ShareHolder], int, str]:
    """Return id, holders, threshold and currency of an auction or demand, as the exchange tells it.

    A demand with an open budget is answered in the default currency.

    Raises:
        InputUnusable: It has no share holders.
    """
    try:
        told: Any = auction
        terms = told["terms"]
        holders = [ShareHolder(item["name"], item["public_key"]) for item in terms["holders"]]
        currency = terms["start"]["currency"] if "start" in terms else _budget_currency(told)
        return str(told["id"]), holders, int(terms["threshold"]), currency
    except (KeyError, TypeError, ValueError):
        raise InputUnusable(
            "不是由多方保管密钥的竞价 / Not an auction whose bids share holders open"
        ) from None


def _budget_currency(demand: dict[str, Any]) -> str:
    low = demand["budget"]["low"]
    return "CNY" if low is None else str(low["currency"])


def holders_text(auction: object) -> str:
    """Return who will hold the shares, for the bidder to compare with the notice."""
    auction_id, holders, threshold, _ = holders_of(auction)
    head = f"{auction_id}: {len(holders)} 方中任意 {threshold} 方可开启，请与公告核对 / "
    lines = [f"{head}any {threshold} of {len(holders)} open it; compare with the notice"]
    return "\n".join([*lines, *(f"  {holder.public_key}  {holder.name}" for holder in holders)])


def seal_body(auction: object, *, amount: str, bidder_code: str) -> tuple[str, str]:
    """Return the body for POST /v1/auctions/{auction_id}/bids, and what only the bidder keeps.

    Args:
        auction: As GET /v1/auctions/{auction_id} returns it.
        amount: Decimal text in the auction's currency.

    Raises:
        InputUnusable: The auction has no share holders, or the amount is none.
        SealMalformed: Amount, code or holders cannot be sealed.
    """
    auction_id, holders, threshold, currency = holders_of(auction)
    sealed, proof = seal_and_keep(
        _price(amount, currency),
        auction_id=auction_id,
        bidder_code=bidder_code,
        holders=holders,
        threshold=threshold,
    )
    return text_of({"sealed": sealed}), text_of({"sealed": sealed, "proof": proof})


def proposal_body(
    demand: object, document: object, *, amount: str, sealing_code: str
) -> tuple[str, str]:
    """Return the body for POST /v1/demands/{demand_id}/proposals, and what only the proposer keeps.

    Args:
        demand: As GET /v1/demands/{demand_id} returns it.
        document: The proposal's text, a JSON object.
        amount: Decimal text in the currency of the demand's budget.
        sealing_code: As GET /v1/demands/{demand_id}/proposal returns it for the next version.

    Raises:
        InputUnusable: The demand has no share holders, or amount or document is none.
        SealMalformed: Amount, document, code or holders cannot be sealed.
    """
    demand_id, holders, threshold, currency = holders_of(demand)
    if not isinstance(document, dict):
        raise InputUnusable("申报书须为JSON对象 / The document must be a JSON object")
    sealed, ciphertext, proof = seal_document(
        _price(amount, currency),
        document,
        auction_id=demand_id,
        bidder_code=sealing_code,
        holders=holders,
        threshold=threshold,
    )
    body = {"sealed": sealed, "document": ciphertext}
    return text_of(body), text_of(body | {"proof": proof})


def _price(amount: str, currency: str) -> Money:
    try:
        return Money.parse(amount, currency)
    except ValueError as error:
        raise InputUnusable(f"金额无效 / Not an amount: {error}") from None


def shares_body(bids: object, *, auction_id: str, private_key: bytes) -> str:
    """Return the body for POST …/{auction_id or demand_id}/shares: one line a bid or proposal.

    Args:
        bids: As GET /v1/auctions/{auction_id}/sealed-bids or
            GET /v1/demands/{demand_id}/sealed-proposals returns them.
        auction_id: The auction or demand that the holder means to open; its shares of others
            stay shut.

    Raises:
        InputUnusable: These are not the sealed bids of this auction.
        SealMalformed: A sealed bid has not the published form.
        HolderKeyWrong: The private key is none of the holders'.
    """
    try:
        listed: Any = bids
        items = [
            (item["sequence"], item["bidder_code"], item["sealed"]) for item in listed["items"]
        ]
    except (KeyError, TypeError):
        raise InputUnusable("不是密封报价清单 / Not a list of sealed bids") from None
    if not items:
        raise InputUnusable("没有密封报价 / There are no sealed bids")
    shares: list[dict[str, Any]] = []
    holders = set()
    for sequence, bidder_code, sealed in items:
        index = index_of(sealed, private_key)
        if (sealed["auction_id"], sealed["bidder_code"]) != (auction_id, bidder_code):
            told = f"第{sequence}号不属于本场 / No. {sequence} is of another auction or bidder"
            raise InputUnusable(told)
        share = decrypt_share(sealed, index=index, private_key=private_key)
        told_share = {"unreadable": True} if share is None else {"share": share}
        shares.append({"sequence": sequence, **told_share})
        holders.add(index)
    if len(holders) > 1:
        raise InputUnusable("各报价中保管人序号不同 / The holder's position differs between bids")
    body: dict[str, Any] = {"holder": holders.pop(), "shares": shares}
    exchange_key = listed.get("exchange_key")
    if isinstance(exchange_key, str):
        body["proof"] = prove_holder(
            private_key, exchange_key=exchange_key, auction_id=auction_id, shares=shares
        )
    return text_of(body)


def text_of(value: Mapping[str, Any]) -> str:
    """Return canonical JSON as text."""
    return canonical_json(value).decode() + "\n"


def refusal_text(refusal: Exception) -> str:
    """Return one line for a person; Chinese first. Faults of fields stand in the detail."""
    if not isinstance(refusal, DomainError):
        return str(refusal)
    told = ((name, value) for name, value in refusal.fields.items() if name != "errors")
    accepted = ", ".join(f"{name}={value}" for name, value in told)
    return f"{refusal.title_zh} / {refusal.title_en}: {refusal.detail} {accepted}".rstrip()
