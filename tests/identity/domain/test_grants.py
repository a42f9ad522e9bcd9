"""Memberships to sign in with, scopes, refresh tokens, throttling."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.domain import grants
from app.identity.domain.grants import RefreshState, RefreshVerdict, judge_refresh, narrow
from app.identity.domain.login import Membership
from app.identity.domain.party import Party, PartyKind, PartyNotVerified, PartyStatus
from app.identity.domain.throttle import (
    ATTEMPTS_MAX,
    Attempt,
    AttemptKind,
    SignInThrottled,
    Window,
    check_attempt,
)
from app.permissions import PERMISSIONS, scopes_of
from app.platform.access import Role
from app.shared.ids import MarketId, MembershipId, PartyId, UserId, new_id

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SCOPES = st.frozensets(st.sampled_from(["a:read", "a:write", "b:read", "b:bid"]))


def option(status: PartyStatus) -> tuple[Membership, Party]:
    market = MarketId(new_id())
    party = Party(
        id=PartyId(new_id()),
        market_id=market,
        status=status,
        kind=PartyKind.PERSON,
        name="张三",
    )
    membership = Membership(MembershipId(new_id()), UserId(new_id()), party.id, market, Role.BROKER)
    return membership, party


def test_the_only_usable_membership_is_taken() -> None:  # I5
    usable = option(PartyStatus.VERIFIED)
    others = [option(PartyStatus.PENDING), option(PartyStatus.REFUSED)]
    assert grants.choose_membership([others[0], usable, others[1]], None) == usable
    assert grants.choose_membership([usable], usable[0].id) == usable


def test_several_usable_memberships_are_named() -> None:  # I5
    options = [option(PartyStatus.VERIFIED) for _ in range(3)]
    with pytest.raises(grants.MembershipAmbiguous) as refusal:
        grants.choose_membership([*options, option(PartyStatus.PENDING)], None)
    choices: list[dict[str, object]] = refusal.value.fields["choices"]  # type: ignore[assignment]
    assert [choice["membership_id"] for choice in choices] == [one[0].id for one in options]
    assert grants.choose_membership(options, options[1][0].id) == options[1]


@pytest.mark.parametrize("status", [PartyStatus.PENDING, PartyStatus.REFUSED])
def test_an_unverified_party_signs_nobody_in(status: PartyStatus) -> None:  # I5
    blocked = option(status)
    for wanted in (None, blocked[0].id):
        with pytest.raises(PartyNotVerified) as refusal:
            grants.choose_membership([blocked], wanted)
        assert refusal.value.fields["verification"] == status
        assert refusal.value.fields["error"] == "invalid_grant"


def test_a_strangers_membership_is_unknown() -> None:  # I5
    with pytest.raises(grants.MembershipUnknown):
        grants.choose_membership([option(PartyStatus.VERIFIED)], MembershipId(new_id()))
    with pytest.raises(grants.MembershipUnknown):
        grants.choose_membership([], None)


@given(given_scopes=SCOPES, wanted=SCOPES)
def test_a_token_never_holds_more_than_was_given(
    given_scopes: frozenset[str], wanted: frozenset[str]
) -> None:
    if not wanted:
        assert narrow(given_scopes, None) == narrow(given_scopes, " ") == given_scopes
    elif wanted <= given_scopes:
        assert narrow(given_scopes, " ".join(wanted)) == wanted
    else:
        with pytest.raises(grants.ScopeNotGiven) as refusal:
            narrow(given_scopes, " ".join(wanted))
        assert refusal.value.fields["accepted"] == sorted(given_scopes)


@pytest.mark.parametrize("role", list(Role))
def test_scopes_are_those_of_the_permission_table(role: Role) -> None:
    assert grants.scopes_for(PERMISSIONS, role) == scopes_of(role)


@pytest.mark.parametrize(
    ("used", "revoked", "expires_in", "verdict"),
    [
        (False, False, SECOND, RefreshVerdict.ROTATE),
        (False, False, timedelta(0), RefreshVerdict.ENDED),
        (False, True, SECOND, RefreshVerdict.ENDED),
        (True, False, SECOND, RefreshVerdict.REUSED),
        (True, False, -SECOND, RefreshVerdict.REUSED),
        (True, True, SECOND, RefreshVerdict.ENDED),
    ],
)
def test_refresh_verdicts(  # I6
    *, used: bool, revoked: bool, expires_in: timedelta, verdict: RefreshVerdict
) -> None:
    state = RefreshState(
        family_id=new_id(),
        membership_id=MembershipId(new_id()),
        scopes=frozenset(),
        expires_at=NOW + expires_in,
        used_at=NOW if used else None,
        family_revoked_at=NOW if revoked else None,
    )
    assert judge_refresh(state, now=NOW) is verdict


@given(kind=st.sampled_from(AttemptKind), attempts=st.integers(1, 300), left=st.integers(1, 300))
def test_attempts_beyond_the_allowance_wait(kind: AttemptKind, attempts: int, left: int) -> None:
    # I7
    window = Window(attempts, NOW + left * SECOND)
    if attempts <= ATTEMPTS_MAX[kind]:
        check_attempt(Attempt(kind, "x"), window, now=NOW)
    else:
        with pytest.raises(SignInThrottled) as refusal:
            check_attempt(Attempt(kind, "x"), window, now=NOW)
        assert refusal.value.fields["retry_after_s"] == left


def test_secrets_are_long_distinct_and_named() -> None:
    prefix, secret = grants.new_client_secret()
    assert secret.startswith(f"zp_{prefix}_")
    assert len({grants.new_refresh_token() for _ in range(100)}) == 100
    assert len(grants.secret_hash(secret)) == 32
