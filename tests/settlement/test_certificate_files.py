"""Certificates as files: sealed, carried by a QR code, verified offline, and nothing changes."""

import json
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from app.cli import app
from app.platform.secrets import Box, derive
from app.platform.signing import Signer
from app.settlement.domain.certificates import (
    QR_BYTES_MAX,
    RevocationGround,
    revocation_list,
    revoke,
)
from app.settlement.service import certificate_files
from app.settlement.service.certificate_files import FileForm, open_pdf, qr_code, tokens, write
from app.settlement.service.verifying import CertificateBroken, check
from tests.settlement.domain.test_certificates import NOW, certificate_of

Keys = dict[str, Any]


def _key(signer: Signer, kid: str, seed: int) -> dict[str, str]:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    signer._remember(kid, private)
    from app.platform.signing import _b64

    x = _b64(private.public_key().public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "Ed25519", "use": "sig"}


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer(Box(derive(b"one secret", "at rest")))


@pytest.fixture(scope="module")
def keys(signer: Signer) -> Keys:
    """The published keys: the newest one, and the retired one that signed the certificates."""
    return {"keys": [_key(signer, "n" * 43, 2), _key(signer, "k" * 43, 1)]}


@pytest.fixture(scope="module")
def pdf(signer: Signer, keys: Keys) -> bytes:
    return write(signer, certificate_of(), FileForm.PDF, public=False)


def breaks(content: bytes, keys: Keys, listed: bytes | None = None) -> bool:
    try:
        check(content, keys, listed=listed)
    except CertificateBroken:
        return True
    return False


def flipped(content: bytes, at: int) -> bytes:
    """Change one byte to another that could stand there."""
    byte = content[at]
    other = byte ^ 1 if chr(byte ^ 1).isalnum() else byte ^ 2
    return content[:at] + bytes([other]) + content[at + 1 :]


def test_a_retired_key_verifies_every_form(signer: Signer, keys: Keys, pdf: bytes) -> None:
    """ST196, ST191: and a form that is written again is the same to the byte."""
    made = certificate_of()
    for form in FileForm:
        for public in (False, True):
            content = write(signer, made, form, public=public)
            assert content == write(signer, made, form, public=public)
            shown = check(content, keys)
            assert shown.facts == (made.public if public else made.facts)
    assert write(signer, made, FileForm.PDF, public=False) == pdf
    newest = {"keys": keys["keys"][:1]}
    assert breaks(pdf, newest)


@pytest.mark.parametrize("form", [FileForm.JWS, FileForm.JSON])
def test_any_changed_byte_is_found(signer: Signer, keys: Keys, form: FileForm) -> None:
    """ST195"""
    content = write(signer, certificate_of(), form, public=True)
    assert not breaks(content, keys)
    for at in range(len(content)):
        assert breaks(flipped(content, at), keys), at


def test_any_changed_byte_of_the_paper_is_found(keys: Keys, pdf: bytes) -> None:
    """ST195: also those that change only what is seen; ST199."""
    places = {*range(0, len(pdf), 997), *range(len(pdf) - 40, len(pdf))}
    places |= {
        match.start() + offset
        for match in re.finditer(b"zhepai-seal", pdf)
        for offset in (0, 11, 12, 60, 200, 400)
    }
    for at in sorted(places):
        assert breaks(flipped(pdf, at), keys), at
    assert breaks(pdf + b"\n", keys)
    assert breaks(pdf[:-1], keys)


def test_the_seal_of_another_paper_does_not_fit(signer: Signer, keys: Keys, pdf: bytes) -> None:
    """ST199"""
    other = write(signer, certificate_of(), FileForm.PDF, public=True)
    seal = re.compile(rb"zhepai-seal:([\w.-]+)")
    mine, theirs = seal.findall(pdf)[0], seal.findall(other)[0]
    assert breaks(pdf.replace(mine, theirs), keys)


def test_the_paper_is_archival_and_carries_its_token(pdf: bytes) -> None:
    """ST199"""
    assert pdf.startswith(b"%PDF-1.7")
    assert re.search(rb"pdfaid:part>3<", pdf)
    assert re.search(rb"pdfaid:conformance>B<", pdf)
    assert pdf.count(b"/EmbeddedFile") >= 1


@pytest.mark.parametrize("compressed", [True, False])
def test_the_token_is_found_compressed_or_not(compressed: bool) -> None:
    """ST195: a writer stores as it is what does not become shorter."""
    token = b"eyJ\r\nendstream\r"
    stored = zlib.compress(token) if compressed else token
    how = b"/Filter/FlateDecode" if compressed else b""
    head = b"<</Length %d/Type/EmbeddedFile%s/Params<</Size 9>>>>\nstream\n" % (len(stored), how)
    seal, _, found = open_pdf(b"%PDF-1.7\n(zhepai-seal:abc)\n" + head + stored + b"\nendstream")
    assert (seal, found) == ("abc", token.decode())


def test_papers_of_many_keys_verify() -> None:
    """ST195, ST199: whatever bytes signatures are made of."""
    for seed in range(10, 16):
        maker = Signer(Box(derive(b"one secret", "at rest")))
        jwks = {"keys": [_key(maker, "k" * 43, seed)]}
        content = write(maker, certificate_of(), FileForm.PDF, public=True)
        assert check(content, jwks).facts == certificate_of().public


def test_the_code_holds_the_public_token_byte_for_byte(
    signer: Signer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ST197"""
    long = replace(certificate_of(), public=certificate_of().public)
    _, fact = tokens(signer, long)
    drawn: list[str] = []

    def keep(template: Path, data: Any, **how: Any) -> bytes:
        drawn.append(data["qr"])
        return f"zhepai-seal:{data['seal']}".encode()

    monkeypatch.setattr(certificate_files, "render_pdf", keep)
    write(signer, long, FileForm.PDF, public=False)
    assert len(fact.encode()) <= QR_BYTES_MAX
    code = qr_code(fact)
    assert code == segno.make_qr(fact, error="m", boost_error=False)
    assert code.mode == "byte"
    assert drawn == [certificate_files._svg(code)]
    assert check(fact.encode(), keys).facts["number"] == long.number


def test_a_revoked_certificate_is_told_from_a_list(signer: Signer, keys: Keys) -> None:
    """ST194"""
    made = certificate_of()
    content = write(signer, made, FileForm.JWS, public=True)
    revoked = revoke(made, ground=RevocationGround.ERROR, reason="登记有误", now=NOW)

    def signed(*items: Any, market: str = "zhejiang", **how: Any) -> bytes:
        told = revocation_list(items, market=market, **{"now": NOW} | how)
        return signer.sign("n" * 43, told).encode()

    empty, full = signed(), signed(revoked)
    assert check(content, keys, listed=empty).revoked is None
    entry = check(content, keys, listed=full).revoked
    assert entry is not None
    assert entry["ground"] == "error"
    assert all(breaks(content, keys, flipped(full, at)) for at in range(0, len(full), 7))
    assert breaks(content, keys, signed(market="elsewhere"))
    assert breaks(content, keys, signed(now=NOW.replace(day=31, month=3)))
    assert breaks(full, keys)  # a list is no certificate
    assert breaks(content, keys, content)  # and a certificate no list


@pytest.mark.parametrize(
    "change",
    [
        lambda pdf: pdf.replace(b"zhepai-seal:", b"zhepai-sea1:"),
        lambda pdf: pdf.replace(b"/EmbeddedFile", b"/EmbeddedFil3"),
        lambda _: b"%PDF-",
        lambda _: b"eyJ.x",
        lambda _: b'{"facts":1,"jws":2}',
        lambda _: b'{"facts":{}}',
        lambda _: b"[]",
        lambda _: b"\xff\xfe",
    ],
)
def test_what_is_no_certificate_is_refused(
    keys: Keys, pdf: bytes, change: Callable[[bytes], bytes]
) -> None:
    """ST195"""
    assert breaks(change(pdf), keys)


def test_the_command_verifies_without_anything_else(
    signer: Signer, keys: Keys, pdf: bytes, tmp_path: Path
) -> None:
    """ST194, ST195"""
    made = certificate_of()
    revoked = revoke(made, ground=RevocationGround.DEAL_ANNULLED, reason="成交无效", now=NOW)
    jwks, paper, bad, listed = (tmp_path / name for name in ("k.json", "c.pdf", "b.json", "r.jws"))
    jwks.write_text(json.dumps(keys))
    paper.write_bytes(pdf)
    bad.write_bytes(write(signer, made, FileForm.JSON, public=True).replace(b"auction", b"posted"))
    told = revocation_list([revoked], market="zhejiang", now=NOW)
    listed.write_text(signer.sign("n" * 43, told))

    def run(*arguments: object) -> tuple[int, str]:
        ended = CliRunner().invoke(app, ["verify", *map(str, arguments)])
        return ended.exit_code, ended.output

    code, text = run(paper, "--keys", jwks)
    assert code == 0
    assert "成立 / VERIFIED: ZP-C-2026-000001" in text
    assert "730000.00 CNY" in text
    assert "--revoked" in text
    code, text = run(paper, "--keys", jwks, "--revoked", listed)
    assert code == 1
    assert "已撤销 / REVOKED" in text
    assert "deal_annulled" in text
    listed.write_text(signer.sign("n" * 43, revocation_list([], market="zhejiang", now=NOW)))
    code, text = run(paper, "--keys", jwks, "--revoked", listed)
    assert (code, "撤销名单已过期" in text) == (0, True)
    told = revocation_list([], market="zhejiang", now=NOW.replace(year=2126))
    listed.write_text(signer.sign("n" * 43, told))
    assert "撤销名单已过期" not in run(paper, "--keys", jwks, "--revoked", listed)[1]
    assert run(bad, "--keys", jwks)[0] == 1
    older = tmp_path / "older.json"
    older.write_text(json.dumps({"keys": keys["keys"][:1]}))
    code, text = run(paper, "--keys", older)
    assert (code, "没有文件封印签名所用的密钥" in text) == (1, True)
    older.write_text("[" * 200_000)
    assert run(paper, "--keys", older)[0] == 1
    code, text = run(paper, "--keys", bad)
    assert (code, "公钥文件不是 JWKS" in text) == (1, True)
    code, text = run(paper)
    assert code == 1
    assert "--keys" in text
