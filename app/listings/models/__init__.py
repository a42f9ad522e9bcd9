"""Tables of listings; importing this package registers all of them."""

from app.listings.models.achievements import AchievementRow
from app.listings.models.listings import ListingRow, NoticeRow
from app.listings.models.registrations import BANK_REFERENCE_UNIQUE, RegistrationRow
from app.listings.models.selection import OpinionRow

__all__ = [
    "BANK_REFERENCE_UNIQUE",
    "AchievementRow",
    "ListingRow",
    "NoticeRow",
    "OpinionRow",
    "RegistrationRow",
]
