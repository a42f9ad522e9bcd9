"""Every state with every trigger: in the table or refused."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from app.listings.domain.achievement import (
    ACHIEVEMENT_TRANSITIONS,
    AchievementStatus,
    AchievementTrigger,
)
from app.listings.domain.deposit import DEPOSIT_TRANSITIONS, DepositState, DepositTrigger
from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    ListingStatus,
    ListingTrigger,
)
from app.listings.domain.notice import NOTICE_TRANSITIONS, NoticeStatus, NoticeTrigger
from app.listings.domain.registration import (
    REGISTRATION_TRANSITIONS,
    RegistrationStatus,
    RegistrationTrigger,
)
from app.shared.transitions import TransitionRefused, advance

# Written out here a second time on purpose: (state, trigger) -> state, all others refused.
ACHIEVEMENT = {
    ("draft", "edit"): "draft",
    ("draft", "submit"): "submitted",
    ("draft", "withdraw"): "withdrawn",
    ("submitted", "edit"): "submitted",
    ("submitted", "pass_check"): "selecting",
    ("submitted", "return"): "returned",
    ("submitted", "accept"): "accepted",
    ("submitted", "refuse"): "refused",
    ("submitted", "withdraw"): "withdrawn",
    ("selecting", "return"): "returned",
    ("selecting", "accept"): "accepted",
    ("selecting", "refuse"): "refused",
    ("selecting", "withdraw"): "withdrawn",
    ("returned", "edit"): "returned",
    ("returned", "submit"): "submitted",
    ("returned", "refuse"): "refused",
    ("returned", "withdraw"): "withdrawn",
    ("accepted", "edit"): "submitted",
    ("accepted", "confirm"): "accepted",
    ("accepted", "go_stale"): "stale",
    ("accepted", "withdraw"): "withdrawn",
    ("stale", "edit"): "submitted",
    ("stale", "confirm"): "accepted",
    ("stale", "withdraw"): "withdrawn",
}
LISTING = {
    ("draft", "attach_bidding"): "draft",
    ("draft", "publish"): "disclosing",
    ("draft", "withdraw"): "withdrawn",
    ("disclosing", "change"): "disclosing",
    ("disclosing", "suspend"): "suspended",
    ("disclosing", "close_disclosure"): "closed",
    ("disclosing", "cancel"): "failed",
    ("disclosing", "withdraw"): "withdrawn",
    ("disclosing", "terminate"): "terminated",
    ("suspended", "resume"): "disclosing",
    ("suspended", "cancel"): "failed",
    ("suspended", "withdraw"): "withdrawn",
    ("suspended", "terminate"): "terminated",
    ("closed", "extend"): "disclosing",
    ("closed", "hand_over"): "closed",
    ("closed", "award"): "awarded",
    ("closed", "sell"): "sold",
    ("closed", "fail"): "failed",
    ("closed", "cancel"): "failed",
    ("closed", "withdraw"): "withdrawn",
    ("closed", "terminate"): "terminated",
    ("awarded", "sell"): "sold",
    ("sold", "reopen"): "closed",
}
NOTICE = {
    ("published", "object"): "objected",
    ("published", "suspend"): "suspended",
    ("published", "supersede"): "superseded",
    ("published", "close"): "closed",
    ("published", "withdraw"): "withdrawn",
    ("objected", "object"): "objected",
    ("objected", "reject_all"): "published",
    ("objected", "uphold"): "upheld",
    ("objected", "supersede"): "superseded",
    ("objected", "withdraw"): "withdrawn",
    ("suspended", "resume"): "published",
    ("suspended", "withdraw"): "withdrawn",
    ("upheld", "supersede"): "superseded",
    ("upheld", "withdraw"): "withdrawn",
    ("closed", "supersede"): "superseded",
    ("closed", "withdraw"): "withdrawn",
}
REGISTRATION = {
    ("applied", "qualify"): "qualified",
    ("applied", "refuse"): "refused",
    ("qualified", "deposit"): "deposited",
    ("applied", "accept"): "applied",
    ("qualified", "accept"): "qualified",
    ("deposited", "accept"): "deposited",
    ("lapsed", "accept"): "applied",
    ("applied", "lapse"): "lapsed",
    ("qualified", "lapse"): "lapsed",
    ("deposited", "lapse"): "lapsed",
    ("applied", "withdraw"): "withdrawn",
    ("qualified", "withdraw"): "withdrawn",
    ("deposited", "withdraw"): "withdrawn",
    ("deposited", "exclude"): "excluded",
}
DEPOSIT = {
    ("due", "owe"): "due",
    ("due", "drop"): "dropped",
    ("due", "arrive"): "held",
    ("dropped", "owe"): "due",
    ("held", "become_price"): "price",
    ("held", "become_bond"): "bond",
    ("held", "return"): "returning",
    ("held", "forfeit"): "forfeited",
    ("price", "return"): "returning",
    ("price", "forfeit"): "forfeited",
    ("bond", "return"): "returning",
    ("bond", "forfeit"): "forfeited",
    ("returning", "execute"): "returned",
    ("returning", "fail"): "in_funds",
}
MACHINES: list[tuple[type[StrEnum], type[StrEnum], Any, Mapping[tuple[str, str], str]]] = [
    (AchievementStatus, AchievementTrigger, ACHIEVEMENT_TRANSITIONS, ACHIEVEMENT),
    (ListingStatus, ListingTrigger, LISTING_TRANSITIONS, LISTING),
    (NoticeStatus, NoticeTrigger, NOTICE_TRANSITIONS, NOTICE),
    (RegistrationStatus, RegistrationTrigger, REGISTRATION_TRANSITIONS, REGISTRATION),
    (DepositState, DepositTrigger, DEPOSIT_TRANSITIONS, DEPOSIT),
]
WALK = [
    pytest.param(table, state, trigger, expected.get((str(state), str(trigger))))
    for states, triggers, table, expected in MACHINES
    for state, trigger in product(states, triggers)
]


@pytest.mark.parametrize(("table", "state", "trigger", "expected"), WALK)
def test_a_trigger_leads_where_the_table_says_or_is_refused(
    table: Any, state: StrEnum, trigger: StrEnum, expected: str | None
) -> None:
    if expected is not None:
        assert str(advance(table, state=state, trigger=trigger)) == expected
        return
    with pytest.raises(TransitionRefused) as refused:
        advance(table, state=state, trigger=trigger)
    assert refused.value.fields["state"] == str(state)
