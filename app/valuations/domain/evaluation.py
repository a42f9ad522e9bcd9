"""Evaluations 评价: how a panel comes together, scores alone, explains itself and concludes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.shared.access import Viewer
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import AchievementId, EvaluationId, MarketId, PartyId
from app.valuations.domain.scheme import Scheme


class EvaluationStatus(StrEnum):
    """Where an evaluation stands."""

    OPENED = "opened"  # waits for its panel
    PANELLED = "panelled"  # 专家组已组成
    SCORING = "scoring"  # 独立评分
    EXPLAINING = "explaining"  # scores are open; outliers are explained
    CONCLUDED = "concluded"  # signed
    CANCELLED = "cancelled"


class EvaluationTrigger(StrEnum):
    """What moves an evaluation."""

    APPOINT = "appoint"
    REPLACE = "replace"
    DECLARE = "declare"  # no interest, or one that vacates the seat
    BEGIN = "begin"  # scoring begins, or gets a later deadline
    HAND_IN = "hand_in"
    OPEN_SCORES = "open_scores"
    EXPLAIN = "explain"
    CONCLUDE = "conclude"
    PUBLISH = "publish"
    CANCEL = "cancel"


_S = EvaluationStatus
_T = EvaluationTrigger

EVALUATION_TRANSITIONS: Final[
    Mapping[tuple[EvaluationStatus, EvaluationTrigger], EvaluationStatus]
] = {
    (_S.OPENED, _T.APPOINT): _S.PANELLED,
    (_S.OPENED, _T.CANCEL): _S.CANCELLED,
    (_S.PANELLED, _T.REPLACE): _S.PANELLED,
    (_S.PANELLED, _T.DECLARE): _S.PANELLED,
    (_S.PANELLED, _T.BEGIN): _S.SCORING,
    (_S.PANELLED, _T.CANCEL): _S.CANCELLED,
    (_S.SCORING, _T.REPLACE): _S.SCORING,
    (_S.SCORING, _T.DECLARE): _S.SCORING,
    (_S.SCORING, _T.BEGIN): _S.SCORING,
    (_S.SCORING, _T.HAND_IN): _S.SCORING,
    (_S.SCORING, _T.OPEN_SCORES): _S.EXPLAINING,
    (_S.SCORING, _T.CANCEL): _S.CANCELLED,
    (_S.EXPLAINING, _T.EXPLAIN): _S.EXPLAINING,
    (_S.EXPLAINING, _T.CONCLUDE): _S.CONCLUDED,
    (_S.EXPLAINING, _T.CANCEL): _S.CANCELLED,
    (_S.CONCLUDED, _T.PUBLISH): _S.CONCLUDED,
}
RUNNING: Final = (_S.OPENED, _S.PANELLED, _S.SCORING, _S.EXPLAINING)
SCORES_OPEN: Final = (_S.EXPLAINING, _S.CONCLUDED)


class EvaluationRunning(Conflict):
    """One evaluation of a result at a time."""

    code = "evaluation_running"
    title_zh = "该成果已有评价正在进行"
    title_en = "An evaluation of this result is running"


class DeadlineTooEarly(RuleBroken):
    """A deadline lies ahead, and never before the one that was announced."""

    code = "deadline_too_early"
    title_zh = "期限过早"
    title_en = "The deadline is too early"


class ReportNotPublishable(Conflict):
    """Nobody had checked the evaluated content for state secrets."""

    code = "report_not_publishable"
    title_zh = "成果尚未通过保密审查，评价报告不得公开"
    title_en = "The evaluated content was not cleared of state secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSubject:
    """What is evaluated, frozen when the evaluation opens.

    Attributes:
        kind: Name of the code table ``achievement_kind``.
        content_version, content_hash: The version of the content that the panel reads.
        content: `jsonable` form of it, whole: the panel reads restricted parts, too.
        completers: Names as on record.
        co_inventors: Names of those who completed another result with a completer.
        secrecy_cleared: Whether its owner has found it free of state secrets.
    """

    achievement_id: AchievementId
    market_id: MarketId
    owner_id: PartyId
    title: str
    kind: str
    content_version: int
    content_hash: str
    content: Mapping[str, Any]
    completers: tuple[str, ...]
    co_inventors: tuple[str, ...]
    secrecy_cleared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """An evaluation of one result by one scheme.

    Attributes:
        scheme: As it was when the evaluation opened.
        opened_by: Party that asked for it.
        due_at: When the conclusion is wanted; announces, decides nothing.
        scores_due_at: Scores are taken before it.
        explain_due_at: From then on the exchange may note that an outlier stays unexplained.
        reason: Why it was cancelled.
    """

    id: EvaluationId
    subject: EvaluationSubject
    scheme: Scheme
    status: EvaluationStatus
    purpose: str
    opened_by: PartyId
    opened_at: datetime
    due_at: datetime
    scores_due_at: datetime | None = None
    scores_opened_at: datetime | None = None
    explain_due_at: datetime | None = None
    ended_at: datetime | None = None
    published_at: datetime | None = None
    reason: str | None = None

    @property
    def market_id(self) -> MarketId:
        """The market of the result."""
        return self.subject.market_id

    @property
    def owner_id(self) -> PartyId:
        """The owner of the result."""
        return self.subject.owner_id

    @property
    def scores_open(self) -> bool:
        """Whether scores may be read by others than their author. Invariant: EV6."""
        return self.scores_opened_at is not None


def may_see(viewer: Viewer, evaluation: Evaluation, *, sitting: bool) -> bool:
    """Tell whether the viewer may know of this evaluation.

    Args:
        sitting: Whether the viewer's person sits on the panel.

    Invariant: EV16.
    """
    return (
        sitting
        or viewer.party_id == evaluation.owner_id
        or viewer.staff_of == evaluation.market_id
        or evaluation.published_at is not None
    )


def check_deadline(due_at: datetime, *, now: datetime, announced: datetime | None) -> None:
    """Refuse a deadline that has passed or would cut an announced one short.

    Raises:
        DeadlineTooEarly: Names the earliest.

    Invariant: EV7.
    """
    earliest = now if announced is None else max(now, announced)
    if due_at <= now or due_at < earliest:
        raise DeadlineTooEarly("Choose a later moment.", field="due_at", earliest=earliest)


def require_publishable(subject: EvaluationSubject) -> None:
    """Refuse to publish what was evaluated before its secrecy review.

    Raises:
        ReportNotPublishable: Have the cleared version evaluated.

    Invariant: EV16. Source: rules.md A8; 浙江省促进科技成果转化条例 16.
    """
    if not subject.secrecy_cleared:
        raise ReportNotPublishable(
            "Clear the result and have that version evaluated.",
            content_version=subject.content_version,
        )
