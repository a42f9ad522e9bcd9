"""Argon2id, off the event loop and never inside a transaction."""

import asyncio
import os
import unicodedata
from functools import lru_cache
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.platform.runtime import Runtime
from app.shared.errors import Unavailable

_WAITING_MAX: Final = 200
_HASHER: Final = PasswordHash((Argon2Hasher(),))


class HashingBusy(Unavailable):
    """Too many sign-ins wait for their hash."""

    code = "sign_in_busy"
    title_zh = "登录请求过多，请稍后重试"
    title_en = "Too many sign-ins at once"


def _normal(password: str) -> bytes:
    # The same characters typed on another keyboard are the same password (NIST SP 800-63B-4).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


def hash_password(text: str) -> str:
    """Return the Argon2id hash of a password; takes tens of milliseconds and 64 MiB."""
    return _HASHER.hash(_normal(text))


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _HASHER.hash(os.urandom(16).hex())


class Passwords:
    """Hashes as many passwords at once as there are processors.

    Attributes:
        computed: Hashes computed so far, also for unknown logins.
    """

    def __init__(self) -> None:
        self._lanes = asyncio.Semaphore(os.cpu_count() or 1)
        self._waiting = 0
        self.computed = 0

    async def hash(self, password: str) -> str:
        """Return the hash of a new password.

        Raises:
            HashingBusy: Too many wait.
        """
        async with _Turn(self):
            return await asyncio.to_thread(hash_password, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Tell whether the password is the stored one.

        Args:
            stored: ``None`` for an unknown login: the same work is done, so the time an
                answer takes does not tell which logins exist.

        Raises:
            HashingBusy: Too many wait.
        """
        async with _Turn(self):
            return await asyncio.to_thread(_verify, password, stored)


class _Turn:
    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    async def __aenter__(self) -> None:
        owner = self._passwords
        if owner._waiting >= _WAITING_MAX:  # noqa: SLF001 - the other half of one class
            raise HashingBusy("Nothing was decided.", retry_after_s=2)
        owner._waiting += 1  # noqa: SLF001
        try:
            await owner._lanes.acquire()  # noqa: SLF001
        finally:
            owner._waiting -= 1  # noqa: SLF001
        owner.computed += 1

    async def __aexit__(self, *_failure: object) -> None:
        self._passwords._lanes.release()  # noqa: SLF001


def _verify(password: str, stored: str | None) -> bool:
    matches = _HASHER.verify(_normal(password), _nobodys() if stored is None else stored)
    return matches and stored is not None


def passwords_of(runtime: Runtime) -> Passwords:
    """Return the process's hashing lanes."""
    lanes = runtime.live.setdefault("identity.passwords", Passwords())
    assert isinstance(lanes, Passwords)
    return lanes
