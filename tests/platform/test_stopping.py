"""A server that is told to stop tells its long answers at once."""

import asyncio
import os
import signal
from typing import Any

from app.platform.stopping import told_to_stop


async def test_a_signal_is_heard_by_the_callback_and_by_who_was_there_before() -> None:
    heard: list[str] = []
    told = asyncio.Event()

    def earlier(number: int, _frame: Any) -> None:
        heard.append(signal.Signals(number).name)

    before = signal.signal(signal.SIGTERM, earlier)
    try:
        with told_to_stop(told.set):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(told.wait(), 5)
        assert heard == ["SIGTERM"]
        assert signal.getsignal(signal.SIGTERM) is earlier
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_without_a_signal_the_callback_comes_at_the_end() -> None:
    calls: list[int] = []
    with told_to_stop(lambda: calls.append(1)):
        assert not calls
    assert calls == [1]


async def test_handlers_that_others_have_put_in_between_stay() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        with told_to_stop(lambda: None):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_outside_the_main_thread_it_does_not_fail() -> None:
    calls: list[int] = []

    async def serve() -> None:
        with told_to_stop(lambda: calls.append(1)):
            await asyncio.sleep(0)

    await asyncio.to_thread(asyncio.run, serve())
    assert calls == [1]
