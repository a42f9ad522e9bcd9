"""Tell the long answers of a server that it is stopping.

The server waits for open answers before the app's own shutdown runs, so a stream that waited
for that would hold the server up until its patience ends. The signal is heard beside it.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_to_stop(callback: Callable[[], None]) -> Iterator[None]:
    """Call back in the running loop when the process is told to stop, for the block's length.

    Handlers that were there before get the signal, too. Outside the main thread no signal is
    heard, and the callback is called at the end of the block only.
    """
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def on_signal(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        earlier = before[number]
        if callable(earlier):
            earlier(number, frame)

    if threading.current_thread() is threading.main_thread():
        for known in SIGNALS:
            before[int(known)] = signal.signal(known, on_signal)
    try:
        yield
    finally:
        callback()
        for number, earlier in before.items():
            if signal.getsignal(number) is on_signal:
                signal.signal(number, earlier)
