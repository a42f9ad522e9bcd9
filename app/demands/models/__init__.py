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
from app.demands.models.questions import ConfidenceRow, QuestionRow, ReadingRow

__all__ = [
    "ChallengeAwardRow",
    "ChallengeDemandRow",
    "ChallengeFundRow",
    "ChallengeNoticeRow",
    "ChallengeResultRow",
    "ChallengeRow",
    "ConfidenceRow",
    "DemandBoardRow",
    "DemandFactsRow",
    "DemandNoticeRow",
    "DemandRow",
    "DemandVersionRow",
    "DiagnosisOpinionRow",
    "EditionRow",
    "QuestionRow",
    "ReadingRow",
    "ReshapingRow",
]
