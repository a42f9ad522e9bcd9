"""Demands: drafted, diagnosed, posted, answered, reviewed, delivered."""

from app.permissions.table import MARKET, ONCE, OWN, allow

# The record and its posting
allow("list_demands", "get_demand", "list_demand_notices", scope="", everyone=True)
allow(
    "draft_demand",
    "edit_demand",
    "submit_demand",
    "revise_demand",
    scope="demands:write",
    key=ONCE,
    buyer_staff=OWN,
)
allow(
    "list_demand_versions",
    scope="demands:read",
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow("post_demand", "extend_demand", scope="demands:write", key=ONCE, operator=MARKET)
allow(
    "return_reviewed_demand",
    "withdraw_demand",
    scope="demands:write",
    key=ONCE,
    buyer_staff=OWN,
    operator=MARKET,
)

# The board's statistics
allow("get_demand_statistics", scope="", everyone=True)

# Gate, diagnosis, mergers and splits
allow("check_demand", scope="demands:write", key=ONCE, buyer_staff=OWN, operator=MARKET)
allow("get_demand_gate", scope="demands:read", buyer_staff=OWN, operator=MARKET, auditor=MARKET)
allow(
    "appoint_diagnosis_experts",
    "decide_diagnosis",
    scope="demands:write",
    key=ONCE,
    operator=MARKET,
)
allow("give_diagnosis_opinion", scope="demands:judge", key=ONCE, expert=MARKET)
allow("list_diagnosis_tasks", scope="demands:judge", expert=MARKET)
allow(
    "get_diagnosis",
    scope="demands:read",
    buyer_staff=OWN,
    expert=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow("list_reshapings", scope="demands:read", buyer_staff=OWN, operator=MARKET, auditor=MARKET)
allow("answer_reshaping", scope="demands:write", key=ONCE, buyer_staff=OWN)

# Editions, questions, confidentiality
allow("list_editions", "get_edition", "get_edition_pdf", scope="", everyone=True)
allow("create_edition", "publish_edition", scope="demands:write", key=ONCE, operator=MARKET)
allow("list_questions", "get_confidentiality", scope="", everyone=True)
allow(
    "ask_question",
    "accept_confidentiality",
    scope="demands:answer",
    key=ONCE,
    seller_staff=MARKET,
    buyer_staff=MARKET,
)
allow("answer_questions", scope="demands:write", key=ONCE, buyer_staff=OWN)
