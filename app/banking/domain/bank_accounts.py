"""Bank accounts of parties: to a registered name, and masked where others look."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.settlement.public import same_name
from app.shared.errors import NotFound, RuleBroken
from app.shared.ids import MarketId, PartyId

_NUMBER: Final = re.compile(r"[0-9]{6,32}")
_CODE: Final = re.compile(r"[0-9]{12}")
_SHOWN: Final = 4


class HolderDiffers(RuleBroken):
    """An account is entered in the party's registered name only."""

    code = "account_holder_differs"
    title_zh = "户名须与登记名称一致"
    title_en = "The account holder is not the party's registered name"


class AccountNumberMalformed(RuleBroken):
    """An account number has 6 to 32 digits."""

    code = "account_number_malformed"
    title_zh = "银行账号格式不正确"
    title_en = "The account number is malformed"


class BankCodeMalformed(RuleBroken):
    """A bank's code 联行号 has 12 digits."""

    code = "bank_code_malformed"
    title_zh = "联行号须为12位数字"
    title_en = "The bank code has 12 digits"


class BankAccountUnknown(NotFound):
    """The party has entered no bank account."""

    code = "bank_account_unknown"
    title_zh = "该单位尚未登记银行账户"
    title_en = "The party has no bank account on record"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Where a party is paid.

    Attributes:
        holder_name: 户名, the party's registered name.
        bank_name: 开户行.
        bank_code: 联行号, 12 digits, if known.
        of_exchange: The exchange's own, to which payers transfer.
    """

    id: UUID
    market_id: MarketId
    party_id: PartyId
    holder_name: str
    account_number: str
    bank_name: str
    bank_code: str | None
    of_exchange: bool
    entered_at: datetime
    entered_by: str


def plain_number(text: str) -> str:
    """Return an account number without the spaces and hyphens that people write.

    Raises:
        AccountNumberMalformed: Not 6 to 32 digits.
    """
    plain = re.sub(r"[\s-]", "", text)
    if not _NUMBER.fullmatch(plain):
        raise AccountNumberMalformed(
            "Send 6 to 32 digits.", field="account_number", accepted="6 to 32 digits"
        )
    return plain


def check_account(*, holder_name: str, bank_code: str | None, party_name: str) -> None:
    """Refuse an account of another name, or a malformed bank code (BK7).

    Raises:
        HolderDiffers: Names the registered name.
        BankCodeMalformed: Not 12 digits.
    """
    if not same_name(holder_name, party_name):
        raise HolderDiffers(
            "The account must be in the party's name.", field="holder_name", accepted=party_name
        )
    if bank_code is not None and not _CODE.fullmatch(bank_code):
        raise BankCodeMalformed("Send 12 digits.", field="bank_code", accepted="12 digits")


def masked(account_number: str) -> str:
    """Return an account number of which others see the last four digits."""
    return "*" * max(0, len(account_number) - _SHOWN) + account_number[-_SHOWN:]
