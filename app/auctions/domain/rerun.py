"""A re-run 再次竞价: the same achievement again, after its winner defaulted."""

from app.shared.errors import Conflict


class RerunNotPossible(Conflict):
    """The named auction is not one that a default ended for this achievement."""

    code = "rerun_not_possible"
    title_zh = "所指竞价不是本成果因买受人违约而终结的竞价"
    title_en = "The auction named is not one that this can repeat"


def check_rerun(*, same_achievement: bool, over: bool, defaulted: bool) -> None:
    """Refuse to repeat an auction that is of something else, still decides, or kept its winner.

    Raises:
        RerunNotPossible: Names what is wrong in ``rule``.

    Source: rules.md §2, D4; README, AU87.
    """
    for holds, rule in (
        (same_achievement, "earlier_listing_of_same_achievement"),
        (defaulted, "winner_defaulted"),
        (over, "over"),
    ):
        if not holds:
            raise RerunNotPossible("Name the auction it repeats.", field="rerun_of", rule=rule)
