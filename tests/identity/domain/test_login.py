"""Logins, passwords and which roles a party may have."""

from itertools import product

import pytest

from app.identity.domain.login import (
    EXCHANGE_ROLES,
    MEMBER_ROLES,
    LoginMalformed,
    PasswordTooWeak,
    RoleNotForParty,
    check_member_role,
    check_password,
    normal_login,
)
from app.platform.access import Role


@pytest.mark.parametrize(
    ("text", "login"),
    [("Zhang.San", "zhang.san"), (" a@b.cn ", "a@b.cn"), ("138+1", "138+1"), ("abc", "abc")],
)
def test_login_is_lower_case(text: str, login: str) -> None:
    assert normal_login(text) == login


@pytest.mark.parametrize("text", ["", "ab", "a" * 101, ".abc", "a b c", "张三丰", "abc\x00"])
def test_malformed_login_is_refused(text: str) -> None:
    with pytest.raises(LoginMalformed) as refusal:
        normal_login(text)
    assert refusal.value.fields["field"] == "login"


@pytest.mark.parametrize("password", ["a" * 10, "密码密码密码密码密码", "x" * 200])
def test_length_is_all_a_password_needs(password: str) -> None:
    assert check_password(password, login="someone") == password


@pytest.mark.parametrize("password", ["a" * 9, "x" * 201, "Long.Login.Name"])
def test_weak_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooWeak) as refusal:
        check_password(password, login="long.login.name")
    assert refusal.value.fields["length_min"] == 10


@pytest.mark.parametrize(("role", "of_exchange"), list(product(Role, (True, False))))
def test_exchange_staff_never_trade_and_traders_never_run_it(  # I4
    role: Role, *, of_exchange: bool
) -> None:
    fits = role in EXCHANGE_ROLES if of_exchange else role in MEMBER_ROLES - {Role.OPERATOR}
    if fits:
        assert check_member_role(role, of_exchange=of_exchange) is role
    else:
        with pytest.raises(RoleNotForParty) as refusal:
            check_member_role(role, of_exchange=of_exchange)
        assert role not in refusal.value.fields["accepted"]  # type: ignore[operator]
