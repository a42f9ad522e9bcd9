"""The index on disk against BM25 in plain Python: MT20, MT21, MT22."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.domain.entry import Entry, EntryKind
from app.matching.index import IndexNotReady, TantivyIndex, open_index
from app.matching.index.generations import (
    GenerationBusy,
    Generations,
    Place,
    read_place,
    writing,
)
from app.matching.index.writing import IndexWriter
from app.platform.feed import START, Cursor
from app.shared.ids import MarketId, PartyId, new_id
from app.shared.words import grams_of
from tests.conftest import TEST_HOME
from tests.matching.naive_index import NaiveIndex

PLACE = Place("exchange", START)
A = EntryKind.ACHIEVEMENT

_PHRASES = (
    "高镍三元正极材料的表面包覆",
    "电池热失控预警",
    "电池材料",
    "钙钛矿太阳能电池的封装工艺",
    "滚动轴承故障诊断",
    "5G基站散热",
    "散热材料 WO3 纳米",
    "基因编辑水稻育种",
    "水稻秸秆还田",
    "轴承钢",
)
_TEXTS = st.lists(st.sampled_from(_PHRASES), min_size=1, max_size=40).map("，".join)


def entry(text: str, entry_id: UUID | None = None) -> Entry:
    return Entry(
        id=entry_id or new_id(),
        kind=A,
        market_id=MarketId(UUID(int=1)),
        party_id=PartyId(UUID(int=2)),
        revision=1,
        title="",
        keywords=(),
        text=text,
    )


@contextmanager
def written() -> Iterator[tuple[Generations, IndexWriter]]:
    with TemporaryDirectory(dir=TEST_HOME.parent) as folder:
        generations = Generations(Path(folder))
        generation = generations.new()
        with IndexWriter(generation, heap_bytes=15_000_000) as writer:
            writer.settle(PLACE)
            generations.publish(generation)
            yield generations, writer


@settings(max_examples=40, deadline=None)
@given(
    commits=st.lists(st.lists(_TEXTS, max_size=6), min_size=1, max_size=4),
    query=_TEXTS,
    weights=st.lists(st.floats(0.1, 10), min_size=1, max_size=64),
)
def test_scores_are_bm25_of_the_weighted_grams(
    commits: list[list[str]], query: str, weights: list[float]
) -> None:
    """MT20: of any number of segments, for any weights."""
    naive = NaiveIndex()
    wanted = dict(zip(dict.fromkeys(grams_of(query)), weights, strict=False))
    with written() as (generations, writer):
        for texts in commits:
            entries = [entry(text) for text in texts]
            writer.write(entries, ())
            writer.settle(PLACE)
            for one in entries:
                naive.put(one.id, grams_of(one.words))
        index = TantivyIndex(generations, A)
        assert index.size == naive.size
        assert index.document_frequencies(wanted) == naive.document_frequencies(wanted)
        found, expected = (one.search(wanted, limit=100) for one in (index, naive))
    assert {one.id: one.score for one in found} == pytest.approx(
        {one.id: one.score for one in expected}, rel=1e-5
    )
    assert list(found) == sorted(found, key=lambda one: (-one.score, one.id))


@settings(max_examples=40, deadline=None)
@given(
    changes=st.lists(
        st.lists(st.tuples(st.integers(0, 7), st.none() | _TEXTS), min_size=1, max_size=5),
        min_size=1,
        max_size=6,
    ),
    query=_TEXTS,
)
def test_changes_and_deletions_hold(
    changes: list[list[tuple[int, str | None]]], query: str
) -> None:
    """MT21: found is what shares a gram and is held; a frequency counts the deleted at most."""
    naive, wanted = NaiveIndex(), dict.fromkeys(grams_of(query), 1.0)
    replaced = 0
    ids = [UUID(int=number << 70 | number) for number in range(8)]
    with written() as (generations, writer):
        for batch in changes:
            for number, text in batch:
                replaced += 1
                if text is None:
                    writer.write((), [(A, ids[number])])
                    naive.delete(ids[number])
                else:
                    writer.write([entry(text, ids[number])], ())
                    naive.put(ids[number], grams_of(text))
            writer.settle(PLACE)
        index = TantivyIndex(generations, A)
        held, counted = naive.document_frequencies(wanted), index.document_frequencies(wanted)
        found = index.search(wanted, limit=100)
        assert index.size == naive.size
    assert {one.id for one in found} == {one.id for one in naive.search(wanted, limit=100)}
    assert len(found) == len({one.id for one in found})
    assert all(held[gram] <= counted[gram] <= held[gram] + replaced for gram in wanted)


def test_limit_keeps_the_best() -> None:
    with written() as (generations, writer):
        ids = [new_id() for _ in range(30)]
        writer.write([entry("电池" + "，轴承" * number, id_) for number, id_ in enumerate(ids)], ())
        writer.settle(PLACE)
        index = TantivyIndex(generations, A)
        assert [one.id for one in index.search({"电池": 1.0}, limit=5)] == ids[:5]
        assert index.search({}, limit=5) == []
        assert index.search({"没有": 1.0}, limit=5) == []


def test_what_is_not_committed_is_not_seen_and_is_lost_with_its_writer() -> None:
    """MT22."""
    with written() as (generations, writer):
        held = entry("电池")
        writer.write([held], ())
        index = TantivyIndex(generations, A)
        assert index.size == 0
        writer.close()
        generation = generations.current()
        assert generation is not None
        with IndexWriter(generation, heap_bytes=15_000_000) as next_writer:
            next_writer.settle(Place("exchange", Cursor(1, 2, 3)))
        index.reload()
        assert index.size == 0
        assert read_place(generation) == Place("exchange", Cursor(1, 2, 3))


def test_reader_without_an_index_says_so_and_takes_up_each_new_one() -> None:
    """MT23: a reader follows what is published; the old one is deleted under it."""
    with TemporaryDirectory(dir=TEST_HOME.parent) as folder:
        index = open_index(Path(folder) / "none yet", A)
        with pytest.raises(IndexNotReady) as refusal:
            index.search({"电池": 1.0}, limit=1)
        assert refusal.value.fields["retry_after_s"] == 10
        generations = Generations(Path(folder) / "none yet")
        for count in (1, 2):
            generation = generations.new()
            with IndexWriter(generation, heap_bytes=15_000_000) as writer:
                writer.write([entry("电池") for _ in range(count)], ())
                writer.settle(PLACE)
            generations.publish(generation)
            generations.sweep()
            index.reload()
            assert index.size == count
            assert len(index.search({"电池": 1.0}, limit=9)) == count
            assert {path.name for path in generation.parent.iterdir()} == {
                generation.name,
                f"{generation.name}.lock",
                "current",
            }


def test_generation_has_one_writer_and_is_not_swept_from_under_it() -> None:
    """MT24."""
    with written() as (generations, writer):
        with pytest.raises(GenerationBusy), writing(writer.generation):
            pass
        with IndexWriter(generations.new(), heap_bytes=15_000_000) as building:
            generations.sweep()
            assert building.generation.exists()
        generations.sweep()
        assert not building.generation.exists()
        assert writer.generation.exists()


def test_what_is_published_during_a_sweep_is_not_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    """MT24: another process may have built it."""
    with written() as (generations, writer):
        seen, look = writer.generation, generations.current
        built = IndexWriter(generations.new(), heap_bytes=15_000_000)

        def current() -> Path | None:
            found = look()
            if found == seen:
                generations.publish(built.generation)
                built.close()
            return found

        monkeypatch.setattr(generations, "current", current)
        generations.sweep()
        assert built.generation.exists()


def test_index_of_another_form_is_not_read() -> None:
    with written() as (generations, writer):
        other = writer.generation.with_name(f"0-{new_id().hex}")
        writer.generation.rename(other)
        generations.publish(other)
        with pytest.raises(IndexNotReady):
            TantivyIndex(generations, A).search({"电池": 1.0}, limit=1)


@pytest.mark.parametrize("told", ["", "{}", "[]", '{"database": "x", "cursor": "1-2"}'])
def test_place_that_cannot_be_read_is_none(told: str, tmp_path: Path) -> None:
    (tmp_path / "place.json").write_text(told)
    assert read_place(tmp_path) is None
