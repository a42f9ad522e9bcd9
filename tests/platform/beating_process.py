"""A process that gives signs of life until it is killed: ``python -m … DSN``."""

import asyncio
import sys

from app.platform.presence import Heartbeat


async def main(dsn: str) -> None:
    async with Heartbeat(dsn):
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
