"""The composition root: which routers, owners, timers and reactions the modules bring."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter

from app.auctions import endpoints as auctions
from app.auctions import handlers as auction_handlers
from app.auctions import live
from app.auctions.public import owner_of_auction
from app.banking import endpoints as banking
from app.banking import handlers as banking_handlers
from app.banking.public import (
    owner_of_bank_line,
    owner_of_bank_statement,
    owner_of_payment_batch,
    owner_of_payment_order,
)
from app.demands import endpoints as demands
from app.demands import handlers as demand_handlers
from app.demands.public import (
    owner_of_challenge,
    owner_of_demand,
    owner_of_demand_import,
    owner_of_demand_objection,
    owner_of_edition,
    owner_of_engagement,
    owner_of_proposal,
)
from app.dossiers import endpoints as dossiers
from app.dossiers.public import owner_of_dossier
from app.identity import endpoints as identity
from app.identity.public import owner_of_client, owner_of_party
from app.insight import endpoints as insight
from app.insight import handlers as insight_handlers
from app.ledger import endpoints as ledger
from app.ledger.public import owner_of_account
from app.listings import endpoints as listings
from app.listings import handlers as listing_handlers
from app.listings.public import (
    owner_of_achievement,
    owner_of_import,
    owner_of_listing,
    owner_of_notice,
    owner_of_objection,
    owner_of_registration,
    owner_of_roadshow,
    owner_of_room,
    owner_of_saved_search,
)
from app.markets import endpoints as markets
from app.markets.public import owner_of_market, owner_of_session
from app.matching import endpoints as matching
from app.matching import handlers as matching_handlers
from app.matching.public import (
    owner_of_match_case,
    owner_of_match_result,
    owner_of_match_subscription,
    owner_of_match_weights,
    owner_of_matchmaking_day,
)
from app.partners import endpoints as partners
from app.permissions import PERMISSIONS
from app.platform import endpoints as operations
from app.platform.access import OwnerLookup
from app.platform.files import endpoints as files
from app.platform.inbox import owner_of_notification
from app.platform.inbox_endpoints import routes as inbox_routes
from app.platform.postgres import database_url
from app.platform.reactions import Reaction
from app.platform.runtime import Runtime, build_runtime
from app.platform.secrets import Box
from app.platform.timers import TimerHandler
from app.settings import Settings
from app.settlement import endpoints as settlement
from app.settlement import handlers as settlement_handlers
from app.settlement import sharing_handlers as settlement_sharing
from app.settlement.public import owner_of_deal, owner_of_voucher
from app.valuations import endpoints as valuations
from app.valuations import handlers as valuation_handlers
from app.valuations.public import owner_of_evaluation, owner_of_valuation

ROUTERS: Final[tuple[APIRouter, ...]] = (
    auctions.BID_PATH,  # routes are matched in order
    operations.routes,
    files.routes,
    files.uploads,
    inbox_routes,
    *identity.ROUTERS,
    *markets.ROUTERS,
    *ledger.ROUTERS,
    *settlement.ROUTERS,
    *banking.ROUTERS,
    *listings.ROUTERS,
    *valuations.ROUTERS,
    *demands.ROUTERS,
    *auctions.ROUTERS,
    *matching.ROUTERS,
    insight.routes,
    insight.slow,
    live.routes,
    *dossiers.ROUTERS,
    partners.routes,
)

OWNERS: Final[Mapping[str, OwnerLookup]] = {
    "file_id": files.owner_of_file,
    "party_id": owner_of_party,
    "client_id": owner_of_client,
    "market_id": owner_of_market,
    "session_id": owner_of_session,
    "account_id": owner_of_account,
    "deal_id": owner_of_deal,
    "bank_line_id": owner_of_bank_line,
    "bank_statement_id": owner_of_bank_statement,
    "payment_batch_id": owner_of_payment_batch,
    "payment_order_id": owner_of_payment_order,
    "voucher_id": owner_of_voucher,
    "achievement_id": owner_of_achievement,
    "import_id": owner_of_import,
    "evaluation_id": owner_of_evaluation,
    "valuation_id": owner_of_valuation,
    "listing_id": owner_of_listing,
    "notice_id": owner_of_notice,
    "notification_id": owner_of_notification,
    "saved_search_id": owner_of_saved_search,
    "objection_id": owner_of_objection,
    "registration_id": owner_of_registration,
    "roadshow_id": owner_of_roadshow,
    "room_id": owner_of_room,
    "demand_id": owner_of_demand,
    "challenge_id": owner_of_challenge,
    "engagement_id": owner_of_engagement,
    "demand_import_id": owner_of_demand_import,
    "demand_objection_id": owner_of_demand_objection,
    "edition_id": owner_of_edition,
    "proposal_id": owner_of_proposal,
    "auction_id": owner_of_auction,
    "dossier_id": owner_of_dossier,
    "match_subscription_id": owner_of_match_subscription,
    "result_id": owner_of_match_result,
    "case_id": owner_of_match_case,
    "day_id": owner_of_matchmaking_day,
    "weights_id": owner_of_match_weights,
}


def timer_handlers(box: Box) -> Mapping[str, TimerHandler]:
    """Return what the modules do when a timer is due; ``box`` opens what they keep sealed."""
    return {
        **valuation_handlers.TIMERS,
        **listing_handlers.TIMERS,
        **demand_handlers.timers(box),
        **auction_handlers.timers(box),
        **matching_handlers.TIMERS,
        **settlement_handlers.TIMERS,
        **settlement_sharing.TIMERS,
    }


def reactions(box: Box) -> tuple[Reaction, ...]:
    """Return what the modules do about each other's events."""
    return (
        *valuation_handlers.REACTIONS,
        *listing_handlers.REACTIONS,
        *demand_handlers.REACTIONS,
        *settlement_handlers.REACTIONS,
        *settlement_sharing.REACTIONS,
        *banking_handlers.REACTIONS,
        *matching_handlers.REACTIONS,
        *insight_handlers.REACTIONS,
        *auction_handlers.reactions(box),
    )


def end_streams(runtime: Runtime) -> None:
    """End what would keep a server from stopping."""
    live.end_streams(runtime)


def assemble(settings: Settings) -> Runtime:
    """Build the process's runtime; starts the embedded database if none is configured."""
    return build_runtime(
        settings,
        database_url(settings),
        permissions=PERMISSIONS,
        owners=OWNERS,
        timer_handlers=timer_handlers,
        reactions=reactions,
    )
