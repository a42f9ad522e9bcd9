"""How a visitor signs in."""

from app.demo.market import PASSWORD, Login, logins
from app.platform.access import Role

_LABEL = {
    Role.OPERATOR: "交易机构 operator",
    Role.SELLER_STAFF: "成果方 seller",
    Role.BUYER_STAFF: "企业 buyer",
    Role.AUDITOR: "审计 auditor",
}


def lines() -> list[str]:
    """Return a login a role, and the password they share."""
    first: dict[Role, Login] = {}
    for login in logins():
        first.setdefault(login.role, login)
    rows = [
        f"  {_LABEL[role]:<18} {first[role].name:<20} {first[role].party_name}" for role in _LABEL
    ]
    return [
        f"演示账号 demo logins(密码 password: {PASSWORD};在 /docs 点 Authorize):",
        *rows,
    ]
