"""Routes of the ledger: accounts, statements, the trial balance."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.ledger import repository
from app.ledger.domain.accounts import Purpose
from app.ledger.schemas import AccountView, StatementLineView, TrialBalanceView
from app.platform.access import ActorDep, ObjectUnknown, Role
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import PartyId

routes = router(tag="ledger")

_SEES_ALL = frozenset({Role.OPERATOR, Role.AUDITOR})


@routes.get("/accounts")
async def list_accounts(
    actor: ActorDep,
    session: SessionDep,
    purpose: Purpose | None = None,
    party_id: Annotated[
        UUID | None, Query(description="For operators and auditors; a party sees its own only")
    ] = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[AccountView]:
    """List accounts with their balances, newest first: a party's own, or the market's."""
    whose = PartyId(party_id) if party_id else None
    found = await repository.list_accounts(
        session,
        market_id=actor.market_id,
        party_id=whose if actor.role in _SEES_ALL else actor.party_id,
        purpose=purpose,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[AccountView.of(account, balance) for account, balance in page],
        next=encode_cursor(str(page[-1][0].id)) if len(found) > limit else None,
    )


@routes.get("/accounts/{account_id}/postings")
async def list_postings(
    account_id: UUID, session: SessionDep, limit: Limit = 50, cursor: str | None = None
) -> Page[StatementLineView]:
    """Return an account's statement in booking order, each posting with the running balance."""
    account = await repository.get_account(session, account_id)
    if account is None:
        raise ObjectUnknown("There is no such account in your market.")
    found = await repository.statement_of(
        session,
        account,
        after=0 if cursor is None else decode_cursor(cursor, int)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[StatementLineView.model_validate(line) for line in page],
        next=encode_cursor(page[-1].seq) if len(found) > limit else None,
    )


@routes.get("/ledger/balance")
async def get_trial_balance(actor: ActorDep, session: SessionDep) -> TrialBalanceView:
    """Return the trial balance of the caller's market: sums by purpose, and their totals, zero."""
    return TrialBalanceView.of(await repository.trial_lines(session, actor.market_id))
