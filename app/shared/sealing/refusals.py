"""What is wrong with a sealed bid, a share, a key or the proof of an opening."""

from app.shared.errors import Conflict, RuleBroken


class SealMalformed(RuleBroken):
    """A sealed bid does not have the published form; no key is needed to see it."""

    code = "seal_malformed"
    title_zh = "密封报价格式不符"
    title_en = "The sealed bid does not have the published form"


class HolderKeyWrong(RuleBroken):
    """A private key is not the one of the share holder that the sealed bid names."""

    code = "holder_key_wrong"
    title_zh = "私钥与该密钥份额保管人不符"
    title_en = "The private key is not this share holder's"


class ShareWrong(RuleBroken):
    """A share is not the one that the bidder committed to; its holder is told."""

    code = "share_wrong"
    title_zh = "密钥份额与承诺不符"
    title_en = "The share does not match its commitment"


class SharesMissing(Conflict):
    """Too few shares were handed in to open a bid."""

    code = "shares_missing"
    title_zh = "密钥份额不足"
    title_en = "Too few shares to open the bid"


class OpeningProofWrong(RuleBroken):
    """The proof does not show what the sealed bid contains, or why it is void."""

    code = "opening_proof_wrong"
    title_zh = "开封证明不成立"
    title_en = "The proof of the opening does not hold"
