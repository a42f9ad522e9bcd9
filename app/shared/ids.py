"""Identifiers: UUIDv7, a type an entity, so that mypy refuses one where another belongs."""

from typing import NewType
from uuid import UUID

from uuid6 import uuid7

MarketId = NewType("MarketId", UUID)
PartyId = NewType("PartyId", UUID)
UserId = NewType("UserId", UUID)
MembershipId = NewType("MembershipId", UUID)
ClientId = NewType("ClientId", UUID)
PolicyId = NewType("PolicyId", UUID)
SelectionTermsId = NewType("SelectionTermsId", UUID)
SessionId = NewType("SessionId", UUID)
FileId = NewType("FileId", UUID)
AchievementId = NewType("AchievementId", UUID)
ImportId = NewType("ImportId", UUID)
ListingId = NewType("ListingId", UUID)
OpinionId = NewType("OpinionId", UUID)
RegistrationId = NewType("RegistrationId", UUID)
NoticeId = NewType("NoticeId", UUID)
ProcedureId = NewType("ProcedureId", UUID)
ObjectionId = NewType("ObjectionId", UUID)
RoadshowId = NewType("RoadshowId", UUID)
RoomId = NewType("RoomId", UUID)
EvaluationId = NewType("EvaluationId", UUID)
ValuationId = NewType("ValuationId", UUID)
DossierId = NewType("DossierId", UUID)
SavedSearchId = NewType("SavedSearchId", UUID)
NotificationId = NewType("NotificationId", UUID)
MatchSubscriptionId = NewType("MatchSubscriptionId", UUID)
DemandId = NewType("DemandId", UUID)
DemandNoticeId = NewType("DemandNoticeId", UUID)
DemandImportId = NewType("DemandImportId", UUID)
DemandObjectionId = NewType("DemandObjectionId", UUID)
EditionId = NewType("EditionId", UUID)
QuestionId = NewType("QuestionId", UUID)
ProposalId = NewType("ProposalId", UUID)
SeatId = NewType("SeatId", UUID)
EngagementId = NewType("EngagementId", UUID)
MilestoneId = NewType("MilestoneId", UUID)
ChallengeId = NewType("ChallengeId", UUID)
AuctionId = NewType("AuctionId", UUID)
BidId = NewType("BidId", UUID)
AccountId = NewType("AccountId", UUID)
EntryId = NewType("EntryId", UUID)
HoldId = NewType("HoldId", UUID)
DealId = NewType("DealId", UUID)
SharingId = NewType("SharingId", UUID)
VoucherProgrammeId = NewType("VoucherProgrammeId", UUID)
VoucherId = NewType("VoucherId", UUID)


def new_id() -> UUID:
    """Return a fresh UUIDv7 (RFC 9562): sortable by creation to the millisecond.

    Never used to decide an order that matters; the database does that.
    """
    return UUID(int=uuid7().int)
