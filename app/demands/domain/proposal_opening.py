"""Refusals of an opening by share holders."""

from app.shared.errors import Conflict, RuleBroken


class NotSealedForHolders(RuleBroken):
    """The demand's proposals, if any, are not split among holders."""

    code = "not_sealed_for_holders"
    title_zh = "该需求的申报并非由多方共管密钥封存"
    title_en = "No holders keep shares of this demand's proposals"


class ProposalOpeningNotDue(Conflict):
    """Sealed proposals stay shut before the deadline, and open once."""

    code = "proposal_opening_not_due"
    title_zh = "当前不能开启密封申报"
    title_en = "Sealed proposals are not opened now"
