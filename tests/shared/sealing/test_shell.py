"""The commands of bidders and share holders, from key to opened bid."""

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.demands.domain.content import content_to_json
from app.demands.domain.posting import Sealing
from app.demands.domain.proposal_content import content_from_json as read
from app.shared.money import Money
from app.shared.sealing import (
    ShareHolder,
    check_shape,
    decide,
    open_document,
    shell,
    verify_opening,
)
from app.shared.sealing.primitives import b64
from tests.demands.domain.test_demand import CONTENT
from tests.demands.domain.test_posting import TERMS
from tests.demands.play import proposal_content
from tests.shared.sealing.dealer import (
    AMOUNT,
    AUCTION,
    BID,
    CODE,
    HOLDERS,
    PRIVATE,
    crooked,
    honest,
)

NAMES = ("交易所", "审计", "公证处")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def done(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    return result.stderr


def auction_of(holders: list[ShareHolder]) -> dict[str, Any]:
    named = [{"name": item.name, "public_key": item.public_key} for item in holders]
    start = {"amount": "100.00", "currency": "CNY"}
    return {"id": AUCTION, "terms": {"holders": named, "threshold": 2, "start": start}}


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    return write(tmp_path / "auction.json", auction_of(HOLDERS[:3]))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "holder.key"
    shell.write_private(path, b64(PRIVATE[1]))
    return path


def listed(*bids: dict[str, Any], code: str = CODE) -> dict[str, Any]:
    items = [
        {"sequence": number, "bidder_code": code, "sealed": bid}
        for number, bid in enumerate(bids, start=4)
    ]
    return {"items": items}


def test_from_keys_to_an_opened_bid_by_commands_alone(tmp_path: Path) -> None:
    # AU67
    keys = [tmp_path / f"{number}.key" for number in range(3)]
    public = [done("holder-key", key).strip() for key in keys]
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    holders = [ShareHolder(*pair) for pair in zip(NAMES, public, strict=True)]
    terms = write(tmp_path / "auction.json", auction_of(holders))
    kept = tmp_path / "kept.json"
    options = ("--terms", terms, "--bidder-code", CODE, "--keep", kept)
    body = json.loads(done("seal", "--amount", AMOUNT, *options))
    assert body.keys() == {"sealed"}
    sealed = body["sealed"]
    check_shape(sealed, **BID, holders=holders, threshold=2)
    bids = write(tmp_path / "bids.json", listed(sealed))
    handed = {}
    for key in keys[1:]:
        out = tmp_path / "shares.json"
        done("open-shares", "--key", key, "--bids", bids, "--auction-id", AUCTION, "--out", out)
        told = json.loads(out.read_text())
        assert [line["sequence"] for line in told["shares"]] == [4]
        handed[told["holder"]] = told["shares"][0]["share"]
    assert handed.keys() == {2, 3}
    opened = decide(sealed, handed, **BID)
    assert opened is not None
    assert opened.amount == AMOUNT
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    own = json.loads(kept.read_text())
    assert verify_opening(own["sealed"], own["proof"], **BID) == opened


def test_unreadable_shares_are_said_to_be(tmp_path: Path, key: Path) -> None:
    # AU64
    bids = write(tmp_path / "bids.json", listed(honest(), crooked(misdealt={2: "garbage"})))
    told = json.loads(done("open-shares", "--key", key, "--bids", bids, "--auction-id", AUCTION))
    assert told["holder"] == 2
    assert told["shares"][0]["share"]["index"] == 2
    assert told["shares"][1] == {"sequence": 5, "unreadable": True}


def test_holder_opens_the_auction_it_means_and_not_early(tmp_path: Path, key: Path) -> None:
    # AU67
    bids = write(tmp_path / "bids.json", listed(honest()))
    options = ("open-shares", "--key", key, "--bids", bids)
    other = "0192f0c1-2b3c-7d4e-8f50-000000000000"
    assert "第4号不属于本场" in refused(*options, "--auction-id", other)
    late = ("--auction-id", AUCTION, "--not-before", "9999-12-31T09:00:00")
    assert "截止时刻未到" in refused(*options, *late)
    done(*options, "--auction-id", AUCTION, "--not-before", "2020-01-01")
    renamed = write(tmp_path / "renamed.json", listed(honest(), code="B08"))
    answer = refused("open-shares", "--key", key, "--bids", renamed, "--auction-id", AUCTION)
    assert "第4号不属于本场" in answer


@pytest.mark.parametrize(
    ("bids", "said"),
    [
        ({}, "不是密封报价清单"),
        ([], "不是密封报价清单"),
        ({"items": [1]}, "不是密封报价清单"),
        ({"items": []}, "没有密封报价"),
        (listed({}), "密封报价格式不符"),
        (listed(honest(2)), ""),
    ],
)
def test_unusable_lists_are_refused_in_one_line(
    tmp_path: Path, key: Path, bids: Any, said: str
) -> None:
    path = write(tmp_path / "bids.json", bids)
    options = ("open-shares", "--key", key, "--bids", path, "--auction-id", AUCTION)
    if said:
        assert said in refused(*options)
    else:
        done(*options)


def test_unusable_files_and_options_are_refused_in_one_line(tmp_path: Path, terms: Path) -> None:
    bid = ("seal", "--bidder-code", CODE)
    assert "须给出" in refused(*bid, "--amount", "1.00")
    assert "金额无效" in refused(*bid, "--amount", "1.001", "--terms", terms)
    assert "密封报价格式不符" in refused(*bid, "--amount", "0.00", "--terms", terms)
    assert "No such file" in refused(*bid, "--amount", "1.00", "--terms", tmp_path / "none")
    plain = write(tmp_path / "plain.json", auction_of(HOLDERS[:3]) | {"terms": {}})
    assert "不是由多方保管" in refused(*bid, "--amount", "1.00", "--terms", plain)
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    assert "不是JSON" in refused(*bid, "--amount", "1.00", "--terms", broken)
    assert "读取失败" in refused(*bid, "--amount", "1.00", "--url", "http://127.0.0.1:1/none")
    assert "读取失败" in refused(*bid, "--amount", "1.00", "--url", "none")
    assert "文件已存在" in refused("holder-key", terms)
    bids = write(tmp_path / "bids.json", listed(honest()))
    options = ("--bids", bids, "--auction-id", AUCTION)
    assert "不是私钥文件" in refused("open-shares", "--key", terms, *options)
    stranger = tmp_path / "stranger.key"
    shell.write_private(stranger, b64(PRIVATE[5]))
    assert "私钥与该密钥份额保管人不符" in refused("open-shares", "--key", stranger, *options)


def test_bidder_is_shown_who_holds_the_shares(terms: Path) -> None:
    # AU67
    result = run("seal", "--amount", "1.00", "--bidder-code", CODE, "--terms", terms)
    assert all(item.public_key in result.stderr for item in HOLDERS[:3])
    assert "任意 2 方" in result.stderr


def test_amount_is_of_the_auctions_currency() -> None:
    auction = auction_of(HOLDERS[:3])
    auction["terms"]["start"]["currency"] = "JPY"
    _, kept = shell.seal_body(auction, amount="5", bidder_code=CODE)
    own = json.loads(kept)
    assert verify_opening(own["sealed"], own["proof"], **BID).amount == Money(5, "JPY")


def test_a_proposal_is_sealed_and_opened_by_commands_alone(tmp_path: Path) -> None:
    """DM41, DM43, DM44: proposers have the same commands, which tell what is void or missing."""
    terms = replace(TERMS, sealing=Sealing.THRESHOLD, holders=tuple(HOLDERS[:3]), threshold=2)
    demand = {"id": AUCTION, **content_to_json(CONTENT), "terms": terms.as_json()}
    text = proposal_content("主动抑振") | {"team": ""}
    paths = {name: tmp_path / f"{name}.json" for name in ("demand", "text", "body", "list")}
    paths["demand"].write_text(json.dumps(demand))
    paths["text"].write_text(json.dumps(text))
    options = ["--terms", paths["demand"], "--bidder-code", "K7Q2M9XR4T8V.1"]
    options += ["--amount", "731357.19", "--document", paths["text"], "--out", paths["body"]]
    sealed = run("seal", *options)
    assert sealed.exit_code == 0, sealed.output
    assert "team missing" in sealed.stderr  # told while it can be mended; left to the proposer
    body = json.loads(paths["body"].read_text())
    item = {"sequence": 1, "bidder_code": "K7Q2M9XR4T8V.1", "sealed": body["sealed"]}
    paths["list"].write_text(json.dumps({"items": [item]}))
    handed = {}
    for position in (1, 3):
        key = tmp_path / f"{position}.key"
        key.write_text(b64(PRIVATE[position - 1]))
        told = json.loads(
            done("open-shares", "--key", key, "--bids", paths["list"], "--demand-id", AUCTION)
        )
        handed[position] = told["shares"][0]["share"]
    end = decide(body["sealed"], handed, auction_id=AUCTION, bidder_code="K7Q2M9XR4T8V.1")
    assert end is not None
    assert str(end.amount and end.amount.as_json()["amount"]) == "731357.19"
    opened = open_document(body["sealed"], body["document"], end)
    assert opened == text
    assert read(opened).attachments == ()  # what may be left out may be left out sealed, too
    for broken, place in (([], "JSON对象"), (text | {"answers": [{"target": 1}]}, "answers.0")):
        paths["text"].write_text(json.dumps(broken))
        assert place in refused("seal", *options)
