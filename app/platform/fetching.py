"""Read what an exchange answers, for the shell's commands."""

from typing import Any, Final

import httpx

from app.shared.sealing.shell import InputUnusable

_TIMEOUT_S: Final = 30


def fetch_json(url: str, token: str | None) -> Any:
    """Return what an exchange answers to GET.

    Raises:
        InputUnusable: It cannot be reached or does not answer with JSON.
    """
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        answer = httpx.get(url, headers=headers, timeout=_TIMEOUT_S).raise_for_status()
        return answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise InputUnusable(f"读取失败 / Could not be read: {url}: {error}") from None
