"""Nobody reads a score sheet before its time: not by any route, not in the journal or database."""

from typing import Any, Final

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.demands.repository import reviews
from app.demands.service.scoring import _context
from app.platform.routing import Route
from app.platform.runtime import Runtime
from app.shared.canonical import salted_digest
from app.shared.jsonable import jsonable
from tests.demands.board import done, refusal
from tests.demands.reviews import Hall

SECRET: Final = "仅此一份的评语标记甲乙丙丁"
POINTS: Final = 37


@pytest.fixture
async def closed_sheets(hall: Hall) -> Hall:
    """A review in which one expert of three has handed in a sheet that says the secret."""
    await hall.scoring("seller", "other_buyer")
    sheet = hall.sheet(seller=POINTS)
    for scores in sheet["scores"].values():
        for score in scores.values():
            score["reason"] = SECRET
    answer = await hall.act("review/scores", hall.experts[1], sheet)
    assert SECRET not in answer.text
    assert done(answer)["scores"] == {}
    return hall


async def test_no_route_tells_a_closed_sheet(closed_sheets: Hall, shared_app: FastAPI) -> None:
    """DM60, DM61: whoever asks, by every route that reads anything of a demand or a feed."""
    hall = closed_sheets
    world = hall.world
    readers: list[Any] = [
        "operator",
        "auditor",
        "buyer_staff",  # the poster
        world.seller,
        world.other_seller,
        hall.experts[0],
        hall.experts[2],
        "anonymous",
    ]
    proposal = hall.proposals["seller"]["id"]
    paths = []
    for route in shared_app.routes:
        if not isinstance(route, Route) or "GET" not in (route.methods or ()):
            continue
        names = [name for name in route.param_convertors if name.endswith("_id")]
        if names in ([], ["demand_id"], ["proposal_id"]) and len(route.param_convertors) < 2:
            ids = {"demand_id": hall.demand_id, "proposal_id": proposal}
            path = route.path
            for name in names:
                path = path.replace(f"{{{name}}}", ids[name])
            if "{" not in path and "openapi" not in path:
                paths.append(path.removeprefix("/v1/"))
    assert {f"demands/{hall.demand_id}/review", f"proposals/{proposal}"} <= set(paths)
    concerning = [path for path in paths if hall.demand_id in path or proposal in path]
    for path in [*concerning, "demands", "events", "notifications"]:
        for who in readers:
            answer = await hall.get(path, who)
            assert SECRET not in answer.text, (path, who)
    view = done(await hall.read("review", "operator"))
    assert (view["scores"], view["own"], view["ranking"]) == ({}, [], [])


async def test_the_database_holds_no_word_of_a_closed_sheet(
    closed_sheets: Hall, shared_runtime: Runtime
) -> None:
    """DM60: the text of all tables, and the bytes; the journal has a salted digest alone."""
    hall = closed_sheets
    tables = await hall.session.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    )
    for table in tables.all():
        found = await hall.session.scalar(
            text(
                f'SELECT count(*) FROM "{table}" AS t '
                "WHERE t::text LIKE :plain OR t::text LIKE :bytes"
            ),
            {"plain": f"%{SECRET}%", "bytes": f"%{SECRET.encode().hex()}%"},
        )
        assert found == 0, table
    review = await reviews.latest(hall.session, (await hall.demand()).id)
    assert review is not None
    sealed = await reviews.sealed_sheets(hall.session, review.id)
    assert {len(data) % 4096 for data in sealed.values()} == {28}  # whole blocks, nonce, tag
    # Opened, it is the sheet of the digest that was journaled before.
    for expert in (hall.experts[0], hall.experts[2]):
        done(await hall.act("review/scores", expert, hall.sheet()))
    seats = await reviews.seats_of(hall.session, review.id)
    opened = await reviews.opened_sheets(hall.session, review.id)
    for seat in seats:
        salt = shared_runtime.box.salt(_context(seat.id))
        assert seat.digest == salted_digest(jsonable(opened[seat.id]), salt)


async def test_then_panel_and_staff_read_and_nobody_else(closed_sheets: Hall) -> None:
    """DM61"""
    hall = closed_sheets
    for expert in (hall.experts[0], hall.experts[2]):
        done(await hall.act("review/scores", expert, hall.sheet()))
    for who in ("operator", "auditor", hall.experts[0]):
        assert SECRET in (await hall.read("review", who)).text
    apart: list[Any] = ["buyer_staff", hall.world.seller]
    for other in apart:
        assert SECRET not in (await hall.read("review", other)).text
    refusal(await hall.read("review", hall.world.other_seller), 404, "object_unknown")
    done(await hall.act("review/conclusion", "operator"))
    # A proposer reads the words about its own proposal, and no name with them.
    told = await hall.read("review", hall.world.seller)
    assert SECRET in told.text
    assert not any(person.name in told.text for person in hall.experts)
    ranking = done(await hall.read("review", "buyer_staff"))["ranking"]
    assert [item["rank"] for item in ranking] == [1, 2]
