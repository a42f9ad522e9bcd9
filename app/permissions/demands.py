"""Demands: drafted, diagnosed, posted, answered, reviewed, delivered."""

from app.permissions.table import ANY, MARKET, MUST, ONCE, OWN, allow

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
# An import is recognised by its rows, not by a key; who acts for several parties imports for none.
allow("get_demand_import_template", scope="", everyone=True)
allow("import_demands", scope="demands:write", buyer_staff=OWN)
allow(
    "get_demand_import",
    "download_demand_import_report",
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
allow("answer_questions", "set_restricted_files", scope="demands:write", key=ONCE, buyer_staff=OWN)

# Delivery: engagements, their milestones, their end
allow(
    "list_engagements",
    "get_engagement",
    "get_engagement_statement",
    scope="demands:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "deliver_milestone",
    "show_costs",
    "propose_settlement",
    scope="demands:write",
    key=ONCE,
    seller_staff=OWN,
    buyer_staff=OWN,
)
allow("confirm_settlement", scope="demands:write", key=MUST, seller_staff=OWN, buyer_staff=OWN)
allow("refuse_milestone", scope="demands:write", key=ONCE, buyer_staff=OWN, operator=MARKET)
allow(
    "accept_milestone",
    "cut_engagement",
    scope="demands:write",
    key=MUST,
    buyer_staff=OWN,
    operator=MARKET,
)
allow("enter_third_party_report", scope="demands:write", key=ONCE, operator=MARKET)
allow("decide_settlement", scope="demands:write", key=MUST, operator=MARKET)

# Challenge events
allow("list_challenges", "get_challenge", "list_challenge_notices", scope="", everyone=True)
allow(
    "create_challenge",
    "edit_challenge",
    "announce_challenge",
    "attach_challenge_demand",
    "publish_stage_results",
    scope="demands:write",
    key=ONCE,
    operator=MARKET,
)
allow(
    "finish_challenge",
    "cancel_challenge",
    "award_challenge_prize",
    scope="demands:write",
    key=MUST,
    operator=MARKET,
)
allow(
    "fund_challenge_prize",
    scope="demands:write",
    key=MUST,
    seller_staff=MARKET,
    buyer_staff=MARKET,
)

# Proposals: sealed until the deadline, then for the poster, the exchange and their own parties
allow(
    "hand_in_proposal",
    "withdraw_proposal",
    "consent_to_consortium",
    scope="demands:write",
    key=ONCE,
    seller_staff=MARKET,
    buyer_staff=MARKET,
)
allow("get_own_proposal", scope="demands:read", seller_staff=MARKET, buyer_staff=MARKET)
allow(
    "list_proposals",
    "get_demand_proposal",
    scope="demands:read",
    seller_staff=MARKET,
    buyer_staff=MARKET,
    expert=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow("decide_eligibility", scope="demands:write", key=ONCE, operator=MARKET)
allow("list_sealed_proposals", "get_proposal_opening", scope="", everyone=True)
allow("hand_in_proposal_shares", scope="auctions:open", key=MUST, operator=MARKET, auditor=MARKET)

# Reviews of proposals, results, objections to them
allow(
    "begin_demand_review",
    "appoint_review_panel",
    "replace_reviewer",
    "draw_presentations",
    "move_presentation",
    "begin_review_scoring",
    "open_review_scores",
    "conclude_review",
    "fail_demand_review",
    "announce_next_winner",
    scope="demands:write",
    key=ONCE,
    operator=MARKET,
)
allow(
    "declare_review_interest",
    "hand_in_review_scores",
    "tag_review_routes",
    scope="demands:judge",
    key=ONCE,
    expert=MARKET,
)
allow("list_review_proposals", scope="demands:judge", expert=MARKET)
allow(
    "get_demand_review",
    "list_presentations",
    scope="demands:read",
    seller_staff=MARKET,
    buyer_staff=MARKET,
    expert=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow("list_demand_objections", scope="", everyone=True)
allow(
    "file_demand_objection",
    scope="demands:object",
    key=ONCE,
    anonymous=ANY,
    seller_staff=ANY,
    buyer_staff=ANY,
    broker=ANY,
    expert=ANY,
    operator=ANY,
    auditor=ANY,
    partner=ANY,
)
allow("decide_demand_objection", scope="demands:write", key=MUST, operator=MARKET)
allow(
    "withdraw_demand_objection",
    scope="demands:object",
    key=MUST,
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
    expert=OWN,
    partner=OWN,
)
