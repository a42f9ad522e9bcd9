"""``zhepai verify``: files in, a text for people out."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from app.auctions.proof.broken import LinkBroken
from app.auctions.proof.verify import Report, verify

_NOTES: Final = {
    "limits": (
        "条委托报价未公开：系统报价逐一核对为可接受且不高于所需，限额本身须用审计版核对",
        "standing maxima are not public; the system's bids are admissible and needed, so far",
    ),
    "withheld": (
        "条报价因竞价终结而未揭示，其判定未重演",
        "commands of a cancelled auction are not revealed; their verdicts were not replayed",
    ),
    "matches": (
        "次优先购买权判定因竞价终结而未重演",
        "verdicts on priority rights were not replayed: a cancelled auction publishes none",
    ),
    "complaints": (
        "份密封报价的密钥份额据保管人陈述不可读",
        "sealed bids rest on a holder's word that its share was unreadable",
    ),
    "faults": (
        "次故障中止依交易所自报的离线时段",
        "fault pauses rest on the exchange's own record of its absences",
    ),
    "awards": (
        "步依交易所记录：成交人是否违约不在此核对，候补次序和价格已核对",
        "steps rest on the record of a default; who stood by, and its price, were checked",
    ),
}


def verify_files(
    path: Path,
    *,
    receipts: Sequence[str] = (),
    heads: Path | None = None,
    keys: Path | None = None,
) -> tuple[str, bool]:
    """Verify a bundle file; return what to tell and whether it holds.

    Args:
        receipts: Each a signed receipt, or a file with one or with a stored answer.
        heads: File with what `/chain-heads` answered, or any JSON with such heads.
        keys: File with the exchange's JWKS, got elsewhere.
    """
    try:
        report = verify(
            _read(path),
            keys=None if keys is None else _read(keys),
            receipts=[_receipt(given) for given in receipts],
            heads=[] if heads is None else list(_heads(_read(heads))),
        )
    except LinkBroken as broken:
        return f"不成立 / BROKEN\n{broken.text()}\n", False
    return _told(report), True


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as failure:
        raise LinkBroken(
            None, f"无法读取 {path}", "the file cannot be read as JSON", told=failure
        ) from None


def _receipt(given: str) -> str:
    """Return the compact JWS of a receipt given as it is, or in a file, or in a stored answer."""
    text = given
    if given.count(".") != 2 or len(given) < 200:
        try:
            text = Path(given).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as failure:
            raise LinkBroken(
                None, f"无法读取回执 {given[:80]}", "the receipt cannot be read", told=failure
            ) from None
    if text.lstrip().startswith("{"):
        try:
            text = str(json.loads(text)["receipt"])
        except (ValueError, KeyError):
            raise LinkBroken(None, "文件中没有回执", "the file holds no receipt") from None
    return text.strip()


def _heads(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every published head that a JSON value holds, wherever it is."""
    if isinstance(value, dict):
        if {"auction_id", "version", "hash"} <= value.keys():
            yield value
        else:
            for item in value.values():
                yield from _heads(item)
    elif isinstance(value, list):
        for item in value:
            yield from _heads(item)


def _told(report: Report) -> str:
    result = report.result
    lines = [
        f"成立 / VERIFIED: {report.title} ({report.auction_id})",
        f"  {report.events} 环事件链 / chained events",
        f"  {report.bids} 次判定已重演 / verdicts replayed",
        f"  {'审计版 / for the auditor' if report.audience == 'auditor' else '公开版 / public'}",
        f"  状态 / status: {result['status']}",
        f"  胜出 / winner: {result['bidder_code'] or '无 / none'}",
    ]
    if result["price"] is not None:
        price = result["price"]
        lines.append(f"  价格 / price:  {price['amount']} {price['currency']}")
    lines.append(f"  签名公钥 / signed with: {report.key_id}")
    if report.heads:
        lines.append(f"  公布的链头相符 / published heads that fit: {report.heads}")
    if report.receipts:
        lines.append(f"  回执相符 / receipts that fit: {report.receipts}")
    for kind, count in sorted(report.notes.items()):
        zh, en = _NOTES[kind]
        lines.append(f"  注 / note: {count} {zh} / {en}")
    if not report.trusted_keys:
        lines.append(
            "  注 / note: 公钥取自本文件，请与交易所公布的公钥核对 (--keys) / the keys are the "
            "file's own: compare them with the published ones"
        )
    if not report.heads and not report.receipts:
        lines.append(
            "  注 / note: 未核对链头和回执：交易所可用自己的密钥另写一套 (--heads, --receipt) / "
            "neither published heads nor receipts were given: the exchange itself could have "
            "written another story with its own key"
        )
    return "\n".join(lines) + "\n"
