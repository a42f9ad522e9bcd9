"""Epochs of the journal: a restored or promoted database starts a new one.

Transaction ids order the journal. After a restore to an earlier point the server hands out
ids again that a consumer has already passed, so rows written then would be skipped. Every
connection checks, before it can write, that the newest epoch names the server it talks to
(system identifier and timeline) and opens the next epoch when it does not. A failover breaks
the connections to the old primary, and a standby is refused, because a connection made to it
would live on unchecked after its promotion: so no writer escapes the check.
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class StandbyRefused(ConnectionError):
    """The database is a standby in recovery; nothing can be decided on it."""


# The control file names the old timeline until the first checkpoint after a promotion; the
# name of the WAL file being written does not lag.
_ENSURE = """
WITH server AS (
    SELECT system_identifier,
        ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer AS timeline
    FROM pg_control_system()
)
INSERT INTO journal_epochs (epoch, system_identifier, timeline, started_at)
SELECT coalesce(max(e.epoch), 0) + 1, s.system_identifier, s.timeline, clock_timestamp()
FROM server s LEFT JOIN journal_epochs e ON true
GROUP BY s.system_identifier, s.timeline
HAVING NOT EXISTS (
    SELECT FROM journal_epochs newest
    WHERE newest.epoch = (SELECT max(epoch) FROM journal_epochs)
      AND newest.system_identifier = s.system_identifier AND newest.timeline = s.timeline
)
ON CONFLICT (epoch) DO NOTHING
"""


def ensure_epoch(connection: Any) -> None:
    """Open a new journal epoch if this server is not the one the last epoch was written on.

    Args:
        connection: A fresh DBAPI connection; committed before it is handed out.

    Raises:
        StandbyRefused: The server is in recovery.
    """
    cursor = connection.cursor()
    cursor.execute("SELECT pg_is_in_recovery(), to_regclass('journal_epochs') IS NOT NULL")
    standby, migrated = cursor.fetchone()
    if standby:
        raise StandbyRefused("the database is a standby in recovery")
    if migrated:
        cursor.execute(_ENSURE)
        connection.commit()
    else:
        connection.rollback()
    cursor.close()


async def database_name(session: AsyncSession) -> str:
    """Return what names this database among all, on whatever server it now runs.

    For what is made of a database and kept outside of it.
    """
    statement = text(
        "SELECT newest.system_identifier || '/' || own.oid "
        "FROM (SELECT * FROM journal_epochs ORDER BY epoch DESC LIMIT 1) newest, pg_database own "
        "WHERE own.datname = current_database()"
    )
    return str((await session.execute(statement)).scalar_one())


async def open_epoch(session: AsyncSession) -> int:
    """Open a new epoch by hand and return it.

    For the one restore that nothing can detect: a disk snapshot, or a base backup started
    without recovery, keeps identifier and timeline. Run it before anything is written.
    """
    statement = text(
        "INSERT INTO journal_epochs (epoch, system_identifier, timeline, started_at) "
        "SELECT epoch + 1, system_identifier, timeline, clock_timestamp() "
        "FROM journal_epochs ORDER BY epoch DESC LIMIT 1 RETURNING epoch"
    )
    return int((await session.execute(statement)).scalar_one())
