"""Bodies and views of achievements."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, Field

from app.listings.domain.achievement import Achievement, AchievementStatus, may_see_content
from app.listings.domain.content import (
    AchievementContent,
    Completer,
    Confidentiality,
    Empowerment,
    IpAsset,
    IpStatus,
    Readiness,
    Secrecy,
)
from app.listings.domain.versions import AchievementVersion
from app.platform.schema import (
    Body,
    Line,
    MoneyJson,
    Paragraph,
    PositiveMoney,
    UtcView,
    View,
    printable,
)
from app.shared.access import Viewer
from app.shared.ids import FileId

Words = Annotated[str, Field(max_length=10_000), AfterValidator(printable)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="A name of /v1/codes")]


class IpAssetJson(Body, View):
    """One right; patent numbers are checked and kept in their normal form."""

    kind: Code
    number: Line | None = None
    title: Line
    status: IpStatus
    expires_on: date | None = Field(default=None, description="Last day of its term, if known")


class ReadinessJson(Body, View):
    """Maturity on a scale of the code table ``readiness_scale``."""

    scale: Code
    level: int = Field(ge=1, le=100)


class CompleterJson(Body, View):
    """成果完成人 with a share in basis points."""

    name: Line
    share_bp: int = Field(ge=1, le=10_000)


class AchievementBody(Body):
    """A result as its owner states it."""

    title: Line
    abstract: Paragraph
    technology_field: Code
    kind: Code
    ip_kind: Code
    ip_assets: list[IpAssetJson] = Field(max_length=100)
    readiness: ReadinessJson
    evidence: Words = Field(default="", description="What shows the readiness")
    state_of_the_art: Words = Field(default="", description="Comparison with what is in use")
    completers: list[CompleterJson] = Field(min_length=1, max_length=100)
    service_result: bool = Field(description="职务成果")
    empowerment: Empowerment
    plan_source: Code
    conversion_modes: list[Code] = Field(min_length=1, max_length=20)
    price_idea: PositiveMoney | None = None
    confidentiality: Confidentiality
    keywords: list[Line] = Field(default=[], max_length=30)
    public_summary: Paragraph | None = Field(
        default=None, description="What everybody reads of a restricted result"
    )
    secrecy: Secrecy = Field(
        default=Secrecy.NOT_REVIEWED,
        description="保密审查: only a cleared result is offered to the public",
    )
    funding_project: Line | None = None
    price_basis: Paragraph | None = Field(default=None, description="What the price idea rests on")
    attachments: list[UUID] = Field(
        default=[], max_length=50, description="Files of the caller's party, uploaded before"
    )

    def content(self) -> AchievementContent:
        """Return the domain's value."""
        return AchievementContent(
            title=self.title,
            abstract=self.abstract,
            technology_field=self.technology_field,
            kind=self.kind,
            ip_kind=self.ip_kind,
            ip_assets=tuple(
                IpAsset(item.kind, item.number, item.title, item.status, item.expires_on)
                for item in self.ip_assets
            ),
            readiness=Readiness(self.readiness.scale, self.readiness.level),
            evidence=self.evidence,
            state_of_the_art=self.state_of_the_art,
            completers=tuple(Completer(item.name, item.share_bp) for item in self.completers),
            service_result=self.service_result,
            empowerment=self.empowerment,
            plan_source=self.plan_source,
            conversion_modes=tuple(self.conversion_modes),
            price_idea=self.price_idea,
            confidentiality=self.confidentiality,
            keywords=tuple(self.keywords),
            public_summary=self.public_summary,
            secrecy=self.secrecy,
            funding_project=self.funding_project,
            price_basis=self.price_basis,
            attachments=tuple(FileId(file_id) for file_id in self.attachments),
        )


class NewAchievement(AchievementBody):
    """A new result; ``draft`` keeps it with its owner until it is submitted."""

    draft: bool = False


class _PublicContent(View):
    title: str
    technology_field: str
    kind: str
    ip_kind: str
    readiness: ReadinessJson
    conversion_modes: list[str]
    price_idea: MoneyJson | None
    confidentiality: Confidentiality
    keywords: list[str]


class ContentView(_PublicContent):
    """A content; of a restricted one, others than its owner and staff read nulls."""

    abstract: str = Field(description="Of a restricted one, for others, its public summary")
    public_summary: str | None
    ip_assets: list[IpAssetJson] | None
    evidence: str | None
    state_of_the_art: str | None
    completers: list[CompleterJson] | None
    service_result: bool
    empowerment: Empowerment
    plan_source: str
    secrecy: Secrecy
    funding_project: str | None
    price_basis: str | None
    attachments: list[UUID] | None


class AchievementSummary(_PublicContent):
    """An achievement in a list."""

    id: UUID
    market_id: UUID
    party_id: UUID = Field(description="The owner")
    status: AchievementStatus
    version: int
    submitted_at: UtcView | None

    @classmethod
    def of(cls, achievement: Achievement) -> Self:
        """Return the view of an achievement."""
        return cls.model_validate(_flat(achievement, cls))


class AchievementView(AchievementSummary, ContentView):
    """An achievement; of a restricted one, others than its owner and staff read nulls."""

    collected_at: UtcView
    reviewed_at: UtcView | None
    due_at: UtcView | None
    reason: str | None

    @classmethod
    def of_seen(cls, achievement: Achievement, viewer: Viewer, *, judging: bool = False) -> Self:
        """Return what a viewer may read of an achievement that it may see."""
        told = _seen(achievement, viewer, cls, judging=judging)
        if not _is_near(achievement, viewer):
            told |= {"reason": None, "due_at": None}
        return cls.model_validate(told)


class VersionSummary(View):
    """A version of a content: from when it stood."""

    number: int
    edited_at: UtcView
    edited_by: str | None = Field(description="For the owner and staff")
    content_hash: str | None = Field(
        description="SHA-256 of the content's RFC 8785 form, for who may read all of it"
    )

    @classmethod
    def of_seen(cls, achievement: Achievement, version: AchievementVersion, viewer: Viewer) -> Self:
        """Return what a viewer may read of a version that it may see."""
        return cls.model_validate(_seen_version(achievement, version, viewer))


class VersionView(VersionSummary):
    """A version with its content."""

    content: ContentView

    @classmethod
    def of_seen(cls, achievement: Achievement, version: AchievementVersion, viewer: Viewer) -> Self:
        """Return what a viewer may read of a version that it may see."""
        content = _seen(_at(achievement, version), viewer, ContentView)
        told = _seen_version(achievement, version, viewer)
        return cls.model_validate({**told, "content": content})


def _at(achievement: Achievement, version: AchievementVersion) -> Achievement:
    return replace(achievement, content=version.content, version=version.number)


def _seen_version(
    achievement: Achievement, version: AchievementVersion, viewer: Viewer
) -> dict[str, Any]:
    whole = may_see_content(viewer, _at(achievement, version))
    return {
        "number": version.number,
        "edited_at": version.edited_at,
        "edited_by": version.edited_by if _is_near(achievement, viewer) else None,
        "content_hash": version.content_hash if whole else None,
    }


def _is_near(achievement: Achievement, viewer: Viewer) -> bool:
    return viewer.party_id == achievement.party_id or viewer.staff_of == achievement.market_id


_CLOSED: Final = (
    "ip_assets",
    "evidence",
    "state_of_the_art",
    "completers",
    "funding_project",
    "price_basis",
    "attachments",
)


def _seen(
    achievement: Achievement, viewer: Viewer, view: type[View], *, judging: bool = False
) -> dict[str, Any]:
    told = _flat(achievement, view)
    if not may_see_content(viewer, achievement, judging=judging):
        told |= dict.fromkeys(_CLOSED) | {"abstract": achievement.content.told_abstract}
    return told


def _flat(achievement: Achievement, view: type[View]) -> dict[str, Any]:
    content = achievement.content
    return {
        name: getattr(content if hasattr(content, name) else achievement, name)
        for name in view.model_fields
    }
