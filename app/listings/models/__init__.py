"""Tables of listings; importing this package registers all of them."""

from app.listings.models.achievements import AchievementRow
from app.listings.models.deposits import DepositRow
from app.listings.models.imports import ImportedRow, ImportResultRow, ImportRow
from app.listings.models.listings import ListingRow, NoticeRow
from app.listings.models.objections import (
    ConsentRow,
    ObjectionRow,
    ProcedureRow,
    ProposalRow,
)
from app.listings.models.registrations import BANK_REFERENCE_UNIQUE, RegistrationRow
from app.listings.models.rights import FieldRow, RightHolderRow, RightsStatementRow
from app.listings.models.roadshows import InterestRow, RoadshowRow, SignupRow
from app.listings.models.rooms import (
    DocumentRow,
    MeetingRow,
    MessageRow,
    RoomOfferRow,
    RoomRow,
)
from app.listings.models.search import AchievementSearchRow, ListingSearchRow, SavedSearchRow
from app.listings.models.selection import OpinionRow
from app.listings.models.versions import VersionRow

__all__ = [
    "BANK_REFERENCE_UNIQUE",
    "AchievementRow",
    "AchievementSearchRow",
    "ConsentRow",
    "DepositRow",
    "DocumentRow",
    "FieldRow",
    "ImportResultRow",
    "ImportRow",
    "ImportedRow",
    "InterestRow",
    "ListingRow",
    "ListingSearchRow",
    "MeetingRow",
    "MessageRow",
    "NoticeRow",
    "ObjectionRow",
    "OpinionRow",
    "ProcedureRow",
    "ProposalRow",
    "RegistrationRow",
    "RightHolderRow",
    "RightsStatementRow",
    "RoadshowRow",
    "RoomOfferRow",
    "RoomRow",
    "SavedSearchRow",
    "SignupRow",
    "VersionRow",
]
