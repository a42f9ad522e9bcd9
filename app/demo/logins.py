"""How a visitor signs in."""

from rich.cells import cell_len

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
        if "." not in login.name:  # a party's second role has the longer name
            first.setdefault(login.role, login)
    rows = [
        f"  {_padded(label, 20)}{_padded(first[role].name, 24)}{first[role].party_name}"
        for role, label in _LABEL.items()
    ]
    return [f"演示账号 demo logins，密码 password {PASSWORD}，在 /docs 点 Authorize：", *rows]


def _padded(text: str, cells: int) -> str:
    return text + " " * (cells - cell_len(text))
