"""How often a login, or an address, may try.

An attempt is counted before its password is hashed and given back when it succeeds, so a burst
of parallel guesses gets no more tries than a patient one.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final

from app.shared.errors import TooMany

WINDOW: Final = timedelta(minutes=5)


class AttemptKind(StrEnum):
    """What is counted."""

    LOGIN = "login"
    ADDRESS = "address"  # sign-ins from one address, whatever the login
    REGISTRATION = "registration"  # registrations from one address


# Many staff share one address behind an office's router.
ATTEMPTS_MAX: Final = {
    AttemptKind.LOGIN: 5,
    AttemptKind.ADDRESS: 50,
    AttemptKind.REGISTRATION: 100,
}


class SignInThrottled(TooMany):
    """Too many attempts within the window."""

    code = "too_many_attempts"
    title_zh = "尝试次数过多，请稍后再试"
    title_en = "Too many attempts"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing whose attempts are counted."""

    kind: AttemptKind
    name: str

    @property
    def subject(self) -> bytes:
        """The stored key: a digest, because people type passwords into the login field."""
        return hashlib.sha256(f"{self.kind}:{self.name}".encode("utf-8", "replace")).digest()


@dataclass(frozen=True, slots=True)
class Window:
    """Attempts so far, this one included, and when counting begins anew."""

    attempts: int
    ends_at: datetime


def check_attempt(attempt: Attempt, window: Window, *, now: datetime) -> None:
    """Refuse an attempt beyond its window's allowance.

    Raises:
        SignInThrottled: Says in how many seconds to come back, at least 1.

    Source: identity/README.md, I7.
    """
    if window.attempts > ATTEMPTS_MAX[attempt.kind]:
        raise SignInThrottled(
            "Wait, then try again; nothing was looked at.",
            retry_after_s=max(1, ceil((window.ends_at - now).total_seconds())),
        )
