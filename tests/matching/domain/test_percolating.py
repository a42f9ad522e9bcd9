"""By which pairs of characters new entries find the saved queries that they may fit."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from app.matching.domain.calibration import LEXICAL, shipped
from app.matching.domain.entry import EntryKind
from app.matching.domain.percolating import least_share, shares_of
from app.matching.domain.terms import choose_terms, terms_in

TEXTS = st.text("漏电故障断点定位的，A1 ", min_size=1, max_size=60)


@given(TEXTS, st.integers(1, 100_000), st.randoms(use_true_random=False))
def test_the_pairs_of_a_query_share_one_whole(query: str, size: int, chance: Random) -> None:
    """MT62"""
    pairs, characters = terms_in(query)
    known = {term: chance.randint(0, size) for term in (*pairs, *characters)}
    shares = shares_of(choose_terms(query, known, size))
    assert shares.keys() == pairs.keys()
    assert not shares or abs(sum(shares.values()) - 1) < 1e-9
    assert all(share >= 0 for share in shares.values())


def test_what_stands_nearly_everywhere_is_nearly_nothing_of_a_query() -> None:
    """MT62"""
    query = "电解水制氢催化剂的研究"
    pairs, characters = terms_in(query)
    common = {"研究": 9_000, "的研": 9_000}
    known = dict.fromkeys([*pairs, *characters], 3) | common
    shares = shares_of(choose_terms(query, known, 10_000))
    least = least_share(shipped().of(LEXICAL, EntryKind.ACHIEVEMENT))
    assert sum(shares[pair] for pair in common) < least
    assert all(shares[pair] > least for pair in pairs if pair not in common)
