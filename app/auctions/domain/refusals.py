"""Why a bid does not stand. Each names what would."""

from app.shared.errors import Conflict, Forbidden, NotFound, RuleBroken


class AuctionNotOpen(Conflict):
    """The bid came before the opening, or between two rounds."""

    code = "auction_not_open"
    title_zh = "竞价尚未开始"
    title_en = "The auction has not opened"


class AuctionPaused(Conflict):
    """The auction is interrupted; the time that was left is kept."""

    code = "auction_paused"
    title_zh = "竞价已中止，剩余时间保留"
    title_en = "The auction is paused; the time left is kept"


class BidAfterClose(Conflict):
    """The bid came at or after the deadline, by the database's clock."""

    code = "bid_after_close"
    title_zh = "竞价已经结束"
    title_en = "The auction is closed"


class BidderNotQualified(Forbidden):
    """The bidder is not registered, not qualified, or its deposit is not held."""

    code = "bidder_not_qualified"
    title_zh = "未取得竞买资格或保证金未到账"
    title_en = "The bidder is not qualified or its deposit is not held"


class BidderEliminated(Forbidden):
    """The bidder left after a round."""

    code = "bidder_eliminated"
    title_zh = "您已在前一轮被淘汰"
    title_en = "The bidder was eliminated in an earlier round"


class BidCurrencyWrong(RuleBroken):
    """The bid is in another currency than the auction."""

    code = "bid_currency_wrong"
    title_zh = "报价币种不符"
    title_en = "The bid is in the wrong currency"


class BidTooLow(RuleBroken):
    """The bid is below the lowest acceptable amount."""

    code = "bid_too_low"
    title_zh = "报价低于最低可接受价"
    title_en = "The bid is below the lowest acceptable amount"


class BidTooHigh(RuleBroken):
    """The bid is above the highest acceptable amount."""

    code = "bid_too_high"
    title_zh = "报价高于最高可接受价"
    title_en = "The bid is above the highest acceptable amount"


class BidOffStep(RuleBroken):
    """The bid does not differ from the leader by a whole multiple of the step."""

    code = "bid_off_step"
    title_zh = "加价不是加价幅度的整数倍"
    title_en = "The raise is not a whole multiple of the step"


class SelfOverbid(RuleBroken):
    """The leader would overbid itself."""

    code = "self_overbid"
    title_zh = "您已是领先报价人，不能自我加价"
    title_en = "The leader may not overbid itself"


class AlreadyBid(Conflict):
    """A sealed bid is given once a round and is not taken back."""

    code = "already_bid"
    title_zh = "本轮已报价，报价不可更改或撤回"
    title_en = "A sealed bid is given once a round"


class BidMustBeSealed(RuleBroken):
    """The auction takes bids that nobody can read, or this one is readable."""

    code = "bid_must_be_sealed"
    title_zh = "本场只接受加密封存的报价"
    title_en = "This auction takes sealed bids only"


class BidNotSealable(RuleBroken):
    """The auction takes open amounts, not sealed ones."""

    code = "bid_not_sealable"
    title_zh = "本场不接受加密封存的报价"
    title_en = "This auction does not take sealed bids"


class MatchNotPossible(RuleBroken):
    """Only a holder of a priority right matches a price, where and when the notice says so."""

    code = "match_not_possible"
    title_zh = "当前不能行使优先购买权跟价"
    title_en = "The price cannot be matched now or by this bidder"


class LimitNotPossible(RuleBroken):
    """A standing maximum works in open ascending formats only."""

    code = "limit_not_possible"
    title_zh = "本竞价方式不支持委托报价"
    title_en = "This format takes no standing maximum"


class LimitNotRaised(RuleBroken):
    """A standing maximum is raised, never lowered: it may have bid already."""

    code = "limit_not_raised"
    title_zh = "委托报价只能提高"
    title_en = "A standing maximum can only be raised"


class FloorBidNotPossible(RuleBroken):
    """Only a 拍卖 has a room in which paddles are raised."""

    code = "floor_bid_not_possible"
    title_zh = "网络竞价不接受现场举牌报价"
    title_en = "This auction has no room to bid from"


class PaddleUnknown(NotFound):
    """No qualified bidder of this auction has the paddle."""

    code = "paddle_unknown"
    title_zh = "没有这个号牌的合格竞买人"
    title_en = "No qualified bidder has this paddle"
