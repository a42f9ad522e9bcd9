"""Cells of an import that hold several completers or rights."""

import re
from decimal import Decimal
from typing import Final

from app.listings.domain.content import Completer, IpAsset, IpStatus
from app.listings.domain.importing_words import WORDS
from app.shared.tables.cells import LINE_MAX, read_date, read_line, write_share
from app.shared.tables.form import shown
from app.shared.tables.lists import LINES, PARTS, quote, read_list, split, unquote
from app.shared.tables.words import CellFault

_NAMES: Final = "；;、\n"
_ASSET_PARTS: Final = (4, 5)
_SHARE: Final = re.compile(r"\d{1,3}(?:\.\d{1,2})?$", re.ASCII)
_SHARE_LENGTH: Final = len("100.00")
_NARROW: Final = str.maketrans("０１２３４５６７８９．", "0123456789.")


def read_completer(piece: str) -> Completer:
    """Return a completer such as ``许澜清 60%``.

    Raises:
        CellFault: share_missing, share_out_of_range, name_missing, or of the name's text.
    """
    mend = "写姓名和份额，如 许澜清 60%"
    body = piece[:-1].rstrip() if piece[-1] in "%％" else ""
    found = _SHARE.search(body[-_SHARE_LENGTH:].translate(_NARROW))
    if found is None:
        raise CellFault("share_missing", f"{shown(piece)}没有份额", mend)
    name = body[: len(body) - len(found.group())].rstrip()
    colons = re.search(r"(\\*)[:：]$", name[-LINE_MAX:])
    if colons is not None and len(colons.group(1)) % 2 == 0:
        name = name[:-1].rstrip()
    if not name:
        raise CellFault("name_missing", f"{shown(piece)}没有姓名", mend)
    share_bp = int(Decimal(found.group()).scaleb(2))
    if not 1 <= share_bp <= 10_000:
        raise CellFault("share_out_of_range", f"份额{shown(piece)}不在 0.01% 至 100% 之间", mend)
    return Completer(read_line(unquote(name)), share_bp)


def read_completers(text: str) -> tuple[tuple[Completer, ...], list[int], list[CellFault]]:
    """Return completers with their shares; a single name has all."""
    pieces = [piece for _, piece in split(text, _NAMES) if piece]
    if len(pieces) == 1 and pieces[0][-1] not in "%％" and len(pieces[0]) <= LINE_MAX:
        return (Completer(read_line(unquote(pieces[0])), 10_000),), [1], []
    return read_list(text, read_completer, _NAMES)


def write_completers(completers: tuple[Completer, ...]) -> str:
    """Return completers with their shares in percent."""
    return "；".join(
        f"{quote(item.name, _NAMES + ':：%％')} {write_share(item.share_bp)}" for item in completers
    )


def read_asset(line: str) -> IpAsset:
    """Return a right such as ``发明专利|ZL201710601862.3|标题|授权|2037-07-21``.

    Raises:
        CellFault: asset_malformed, or of one of its parts.
    """
    parts = [piece for _, piece in split(line, PARTS)]
    if len(parts) not in _ASSET_PARTS or not parts[2]:
        raise CellFault(
            "asset_malformed",
            f"{shown(line)}不是完整的一项知识产权",
            "按“类别|号码|名称|状态|有效期至”填写，"
            "如 发明专利|ZL201710601862.3|检测方法|授权|2037-07-21",
        )
    ends = parts[4] if len(parts) == _ASSET_PARTS[1] else ""
    return IpAsset(
        kind=WORDS.read("ip_kind", unquote(parts[0]), "知识产权类别"),
        number=read_line(unquote(parts[1])) or None,
        title=read_line(unquote(parts[2])),
        status=IpStatus(WORDS.read("ip_status", unquote(parts[3]), "知识产权状态")),
        expires_on=read_date(ends) if ends else None,
    )


def read_assets(text: str) -> tuple[tuple[IpAsset, ...], list[int], list[CellFault]]:
    """Return the rights, one a line."""
    return read_list(text, read_asset, LINES)


def write_assets(assets: tuple[IpAsset, ...]) -> str:
    """Return the rights, one a line."""
    return "\n".join(
        "|".join(
            (
                WORDS.write("ip_kind", asset.kind),
                quote(asset.number or "", PARTS),
                quote(asset.title, PARTS),
                WORDS.write("ip_status", asset.status),
                *((asset.expires_on.isoformat(),) if asset.expires_on else ()),
            )
        )
        for asset in assets
    )
