"""What an owner states about a result 科技成果: the content, with no state and no rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.shared.ids import FileId
from app.shared.money import Money

SHARES_BP: Final = 10_000


class Confidentiality(StrEnum):
    """Who may read the content once it is accepted."""

    PUBLIC = "public"
    RESTRICTED = "restricted"  # everybody reads the public summary, the rest under an agreement


class Secrecy(StrEnum):
    """Whether the owner has checked the result for state secrets 保密审查.

    Source: rules.md A8; 浙江省促进科技成果转化条例 16.
    """

    NOT_REVIEWED = "not_reviewed"
    CLEARED = "cleared"
    STATE_SECRET = "state_secret"  # noqa: S105 - a finding, not a password


class Empowerment(StrEnum):
    """赋权: what the completers of a service result were given in it.

    Source: rules.md section 6; 促进科技成果转化法 as applied by the empowerment pilots.
    """

    NONE = "none"
    OWNERSHIP_SHARE = "ownership_share"
    LONG_TERM_USE = "long_term_use"


class IpStatus(StrEnum):
    """Standing of one right."""

    GRANTED = "granted"
    PENDING = "pending"
    REGISTERED = "registered"
    KEPT_SECRET = "kept_secret"  # noqa: S105 - a standing, not a password
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class IpAsset:
    """One right that goes with the result.

    Attributes:
        kind: A name of the code table ``ip_kind``.
        number: Patent or registration number in its normal form; ``None`` for a secret.
        expires_on: Last day of its term, if it has one and it is known.
    """

    kind: str
    number: str | None
    title: str
    status: IpStatus
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """Maturity; a level means nothing without its scale.

    Attributes:
        scale: A name of the code table ``readiness_scale``.
        level: From 1 to the scale's last level.
    """

    scale: str
    level: int


@dataclass(frozen=True, slots=True)
class Completer:
    """成果完成人: a person who completed the result.

    Attributes:
        share_bp: Share in basis points; all completers' shares sum to 10,000.
    """

    name: str
    share_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AchievementContent:
    """What the owner states about a result; code names are those of ``/v1/codes``.

    Attributes:
        evidence, state_of_the_art: May be empty; the quality gate then says what buyers miss.
        public_summary: What everybody reads of a restricted result; its abstract stays closed.
        funding_project: Number or name of the project that paid for it.
        price_basis: What the price idea rests on, in words.
        attachments: Files of the owner, in order.
    """

    title: str
    abstract: str
    technology_field: str
    kind: str
    ip_kind: str
    ip_assets: tuple[IpAsset, ...]
    readiness: Readiness
    evidence: str
    state_of_the_art: str
    completers: tuple[Completer, ...]
    service_result: bool
    empowerment: Empowerment
    plan_source: str
    conversion_modes: tuple[str, ...]
    price_idea: Money | None
    confidentiality: Confidentiality
    keywords: tuple[str, ...]
    public_summary: str | None = None
    secrecy: Secrecy = Secrecy.NOT_REVIEWED
    funding_project: str | None = None
    price_basis: str | None = None
    attachments: tuple[FileId, ...] = ()

    @property
    def told_abstract(self) -> str:
        """What a notice, a list and a search tell everybody."""
        if self.confidentiality is Confidentiality.PUBLIC:
            return self.abstract
        return self.public_summary or ""


def content_to_json(content: AchievementContent) -> dict[str, Any]:
    """Return the content's `jsonable` form; the same, in a fifth of the time."""
    price = content.price_idea
    return {
        "title": content.title,
        "abstract": content.abstract,
        "technology_field": content.technology_field,
        "kind": content.kind,
        "ip_kind": content.ip_kind,
        "ip_assets": assets_to_json(content.ip_assets),
        "readiness": {"scale": content.readiness.scale, "level": content.readiness.level},
        "evidence": content.evidence,
        "state_of_the_art": content.state_of_the_art,
        "completers": completers_to_json(content.completers),
        "service_result": content.service_result,
        "empowerment": str(content.empowerment),
        "plan_source": content.plan_source,
        "conversion_modes": list(content.conversion_modes),
        "price_idea": None if price is None else price.as_json(),
        "confidentiality": str(content.confidentiality),
        "keywords": list(content.keywords),
        "public_summary": content.public_summary,
        "secrecy": str(content.secrecy),
        "funding_project": content.funding_project,
        "price_basis": content.price_basis,
        "attachments": [str(file_id) for file_id in content.attachments],
    }


def assets_to_json(assets: tuple[IpAsset, ...]) -> list[dict[str, Any]]:
    """Return the rights' `jsonable` form."""
    return [
        {
            "kind": asset.kind,
            "number": asset.number,
            "title": asset.title,
            "status": str(asset.status),
            "expires_on": None if asset.expires_on is None else asset.expires_on.isoformat(),
        }
        for asset in assets
    ]


def completers_to_json(completers: tuple[Completer, ...]) -> list[dict[str, Any]]:
    """Return the completers' `jsonable` form."""
    return [{"name": item.name, "share_bp": item.share_bp} for item in completers]


def content_from_json(told: Mapping[str, Any]) -> AchievementContent:
    """Return the content whose `jsonable` form was kept; what came later has its default."""
    price = told["price_idea"]
    plain = {
        name: told[name]
        for name in (
            "title",
            "abstract",
            "technology_field",
            "kind",
            "ip_kind",
            "evidence",
            "state_of_the_art",
            "service_result",
            "plan_source",
        )
    }
    return AchievementContent(
        **plain,
        ip_assets=assets_from_json(told["ip_assets"]),
        readiness=Readiness(**told["readiness"]),
        completers=tuple(Completer(**item) for item in told["completers"]),
        empowerment=Empowerment(told["empowerment"]),
        conversion_modes=tuple(told["conversion_modes"]),
        price_idea=None if price is None else Money.parse(price["amount"], price["currency"]),
        confidentiality=Confidentiality(told["confidentiality"]),
        keywords=tuple(told["keywords"]),
        public_summary=told.get("public_summary"),
        secrecy=Secrecy(told.get("secrecy", Secrecy.NOT_REVIEWED)),
        funding_project=told.get("funding_project"),
        price_basis=told.get("price_basis"),
        attachments=tuple(FileId(UUID(file_id)) for file_id in told.get("attachments", ())),
    )


def assets_from_json(told: list[dict[str, Any]]) -> tuple[IpAsset, ...]:
    """Return the rights whose `jsonable` form was kept."""
    return tuple(
        IpAsset(
            item["kind"],
            item["number"],
            item["title"],
            IpStatus(item["status"]),
            date.fromisoformat(ends) if (ends := item.get("expires_on")) else None,
        )
        for item in told
    )
