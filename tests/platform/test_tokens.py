"""Access tokens: what was issued is read, nothing else, and not for longer."""

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platform import tokens as module
from app.platform.access import Actor, Role
from app.platform.tokens import TokenInvalid, Tokens
from app.shared.ids import MarketId, PartyId, new_id

KEY = b"k" * 32
ACTOR = Actor(
    "user:1",
    Role.BROKER,
    PartyId(new_id()),
    MarketId(new_id()),
    frozenset({"listings:read", "auctions:bid"}),
)


class Clock:
    """A clock to turn."""

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_token_makes_its_bearer_the_actor_in_every_process() -> None:
    token = Tokens(KEY, lifetime_s=60).issue(ACTOR)
    assert Tokens(KEY, lifetime_s=60).read(token) == ACTOR


def test_two_tokens_of_one_actor_differ() -> None:
    tokens = Tokens(KEY, lifetime_s=60)
    assert tokens.issue(ACTOR) != tokens.issue(ACTOR)


@pytest.mark.parametrize("remembered", [True, False])
def test_token_expires_though_it_is_remembered(clock: Clock, remembered: bool) -> None:
    # P25
    tokens = Tokens(KEY, lifetime_s=60)
    token = tokens.issue(ACTOR)
    reader = tokens if remembered else Tokens(KEY, lifetime_s=60)
    clock.now += 58.9
    if remembered:
        assert reader.read(token) == ACTOR
    clock.now += 1.2
    with pytest.raises(TokenInvalid, match="expired"):
        reader.read(token)


def test_memory_of_read_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    tokens = Tokens(KEY, lifetime_s=60)
    issued = [tokens.issue(ACTOR) for _ in range(9)]
    assert all(tokens.read(token) == ACTOR for token in issued * 2)
    assert len(tokens._read) == 3


def test_token_of_another_key_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        Tokens(b"x" * 32, lifetime_s=60).read(Tokens(KEY, lifetime_s=60).issue(ACTOR))


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_changed_claims_and_algorithms_are_refused() -> None:
    # P25
    tokens = Tokens(KEY, lifetime_s=60)
    header, payload, signature = tokens.issue(ACTOR).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    raised = encoded({**claims, "rol": "operator"})
    for forged in (
        f"{header}.{raised}.{signature}",
        f"{encoded({'alg': 'none'})}.{raised}.",
        f"{encoded({'alg': 'HS512'})}.{payload}.{signature}",
        f"{header}.{payload}.{signature[:-2]}",
    ):
        with pytest.raises(TokenInvalid):
            tokens.read(forged)


@given(st.text(max_size=60) | st.lists(st.text("ab_-=.é", max_size=9)).map(".".join))
def test_any_other_text_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(TokenInvalid):
        Tokens(KEY, lifetime_s=60).read(text)
