"""What makes an achievement's content acceptable: every fault at once."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache, partial
from typing import Final

from app.listings.domain.achievement import AchievementInvalid
from app.listings.domain.content import (
    SHARES_BP,
    AchievementContent,
    Confidentiality,
    IpAsset,
    IpStatus,
)
from app.shared import codes
from app.shared.findings import Findings
from app.shared.ids import FileId
from app.shared.patent_number import validate_patent_number

PATENT_KINDS: Final = frozenset({"invention_patent", "utility_model", "design"})
# A patent's type digit; 8 and 9 are inventions and utility models that came through PCT.
_TYPE_DIGITS: Final = {"invention_patent": "18", "utility_model": "29", "design": "3"}
_SHORT_FORM: Final = 8
_WITHOUT_NUMBER: Final = frozenset({"technical_secret", "no_ip"})
# Standings that a right cannot have after the last day of its term.
_IN_FORCE: Final = frozenset({IpStatus.GRANTED, IpStatus.REGISTERED, IpStatus.PENDING})


def check_content(
    content: AchievementContent, *, today: date, files: Collection[FileId] = ()
) -> None:
    """Refuse content that breaks a rule, naming all faults.

    Args:
        today: In Shanghai.
        files: Those of the attachments that are files of the owner.

    Raises:
        AchievementInvalid: With one of the rules of `content_faults` an error.

    Invariant: LS1, LS31.
    """
    findings = content_faults(content, today=today, files=files)
    if findings.errors:
        raise AchievementInvalid(findings.summary(), errors=findings.errors)


def content_faults(
    content: AchievementContent, *, today: date, files: Collection[FileId]
) -> Findings:
    """Return every fault of a content.

    The rules are code_unknown, patent_number_invalid, patent_kind_differs, number_missing,
    number_not_expected, patent_expired, level_out_of_scale, shares_not_whole,
    public_summary_missing, file_unknown, repeated.

    Source: rules.md section 7; for the term 专利法 42.
    """
    findings = Findings()
    for table, name, where in (
        ("technology_field", content.technology_field, "technology_field"),
        ("achievement_kind", content.kind, "kind"),
        ("ip_kind", content.ip_kind, "ip_kind"),
        ("plan_source", content.plan_source, "plan_source"),
    ):
        _check_code(findings, table, name, where)
    for index, mode in enumerate(content.conversion_modes):
        _check_code(findings, "conversion_mode", mode, f"conversion_modes.{index}")
    findings.unique("conversion_modes", content.conversion_modes)
    _check_readiness(content, findings)
    for index, asset in enumerate(content.ip_assets):
        _check_asset(asset, f"ip_assets.{index}", today, findings)
    total = sum(completer.share_bp for completer in content.completers)
    findings.require(
        total == SHARES_BP,
        "completers",
        rule="shares_not_whole",
        message=f"The shares sum to {total} basis points.",
        total=SHARES_BP,
    )
    findings.require(
        content.confidentiality is Confidentiality.PUBLIC or content.public_summary is not None,
        "public_summary",
        rule="public_summary_missing",
        message="Say what everybody may read of a restricted result.",
    )
    findings.unique("attachments", content.attachments)
    for index, file_id in enumerate(content.attachments):
        findings.require(
            file_id in files,
            f"attachments.{index}",
            rule="file_unknown",
            message="Your party has uploaded no such file.",
        )
    return findings


@cache
def _known(table: str) -> frozenset[str]:
    return frozenset(codes.table(table).names)


def _check_code(findings: Findings, table: str, name: str, where: str) -> None:
    if name in _known(table):
        return
    findings.catch(where, partial(codes.require, table, name, field=where))


def _check_readiness(content: AchievementContent, findings: Findings) -> None:
    scale, level = content.readiness.scale, content.readiness.level
    _check_code(findings, "readiness_scale", scale, "readiness.scale")
    entries = codes.table("readiness_scale").entries
    last = next((int(entry.code) for entry in entries if entry.name == scale and entry.code), None)
    findings.require(
        last is None or 1 <= level <= last,
        "readiness.level",
        rule="level_out_of_scale",
        message=f"The scale '{scale}' has the levels 1 to {last}.",
        minimum=1,
        maximum=last,
    )


def _check_asset(asset: IpAsset, where: str, today: date, findings: Findings) -> None:
    _check_code(findings, "ip_kind", asset.kind, f"{where}.kind")
    number = asset.number
    if number is None:
        findings.require(
            asset.kind in _WITHOUT_NUMBER,
            f"{where}.number",
            rule="number_missing",
            message="Only a technical secret has no number.",
        )
    elif asset.kind in PATENT_KINDS:
        findings.catch(
            f"{where}.number", partial(_check_patent, findings, where, asset.kind, number)
        )
    else:
        findings.require(
            asset.kind not in _WITHOUT_NUMBER,
            f"{where}.number",
            rule="number_not_expected",
            message="A technical secret is not registered and has no number.",
        )
    ends = asset.expires_on
    findings.require(
        ends is None or ends >= today or asset.status not in _IN_FORCE,
        f"{where}.expires_on",
        rule="patent_expired",
        message=f"The term ended on {ends}, so the right is not '{asset.status}' any more.",
        today=today,
        status=str(IpStatus.LAPSED),
    )


@lru_cache(maxsize=4096)
def _normal_patent(number: str) -> str:
    # Asked for twice for every right; a refusal is not remembered.
    return validate_patent_number(number)


def normal_content(content: AchievementContent) -> AchievementContent:
    """Return acceptable content with its patent numbers in their normal form."""
    assets = tuple(
        replace(asset, number=normal_number(asset.kind, asset.number))
        for asset in content.ip_assets
    )
    return replace(content, ip_assets=assets)


def normal_number(kind: str, number: str | None) -> str | None:
    """Return a patent number in its normal form, any other as it is."""
    return _normal_patent(number) if number and kind in PATENT_KINDS else number


def _check_patent(findings: Findings, where: str, kind: str, number: str) -> None:
    body = _normal_patent(number).partition(".")[0]
    digit = body[2] if len(body) == _SHORT_FORM else body[4]
    findings.require(
        digit in _TYPE_DIGITS[kind],
        f"{where}.kind",
        rule="patent_kind_differs",
        message=f"The number's type digit {digit} is not that of this kind.",
        accepted=[name for name, digits in _TYPE_DIGITS.items() if digit in digits],
    )
