"""Tables of demands; importing this package registers all of them."""

from app.demands.models.board import DemandBoardRow, DemandFactsRow
from app.demands.models.challenges import (
    ChallengeAwardRow,
    ChallengeDemandRow,
    ChallengeFundRow,
    ChallengeNoticeRow,
    ChallengeResultRow,
    ChallengeRow,
)
from app.demands.models.demands import DemandNoticeRow, DemandRow, DemandVersionRow
from app.demands.models.diagnosis import DiagnosisOpinionRow, ReshapingRow
from app.demands.models.editions import EditionRow
from app.demands.models.engagements import DeliveryRow, EngagementMilestoneRow, EngagementRow
from app.demands.models.imports import (
    DemandImportResultRow,
    DemandImportRow,
    ImportedDemandRow,
)
from app.demands.models.proposals import (
    ConsortiumConsentRow,
    ProposalRow,
    ProposalShareRow,
    ProposalVersionRow,
)
from app.demands.models.questions import (
    ConfidenceRow,
    DemandFileRow,
    QuestionRow,
    ReadingRow,
)
from app.demands.models.reviews import (
    DemandObjectionRow,
    PresentationRow,
    ProposalScoreRow,
    RankingRow,
    ResultRow,
    ReviewRow,
    ReviewSeatRow,
    ReviewSheetRow,
)

__all__ = [
    "ChallengeAwardRow",
    "ChallengeDemandRow",
    "ChallengeFundRow",
    "ChallengeNoticeRow",
    "ChallengeResultRow",
    "ChallengeRow",
    "ConfidenceRow",
    "ConsortiumConsentRow",
    "DeliveryRow",
    "DemandBoardRow",
    "DemandFactsRow",
    "DemandFileRow",
    "DemandImportResultRow",
    "DemandImportRow",
    "DemandNoticeRow",
    "DemandObjectionRow",
    "DemandRow",
    "DemandVersionRow",
    "DiagnosisOpinionRow",
    "EditionRow",
    "EngagementMilestoneRow",
    "EngagementRow",
    "ImportedDemandRow",
    "PresentationRow",
    "ProposalRow",
    "ProposalScoreRow",
    "ProposalShareRow",
    "ProposalVersionRow",
    "QuestionRow",
    "RankingRow",
    "ReadingRow",
    "ReshapingRow",
    "ResultRow",
    "ReviewRow",
    "ReviewSeatRow",
    "ReviewSheetRow",
]
