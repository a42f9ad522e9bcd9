"""A process that touches the subject of each line of its input: ``python -m … DSN``."""

import asyncio
import sys
from uuid import UUID

from app.platform.wakeups import Wakeups


async def main(dsn: str) -> None:
    wakeups = Wakeups(dsn)
    while line := await asyncio.to_thread(sys.stdin.readline):
        wakeups.touch(UUID(line.strip()))
    await wakeups.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
