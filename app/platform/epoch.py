"""Epochs of the journal: a restored or promoted database starts a new one.

Transaction ids order the journal. After a restore to an earlier point the server hands out
ids again that a consumer has already passed, so rows written then would be skipped. Every
connection checks, before it can write, that the newest epoch names the server it talks to
(system identifier and timeline) and opens the next epoch when it does not: a failover
breaks all connections, so no writer escapes the check.
"""

from typing import Any

_ENSURE = """
INSERT INTO journal_epochs (epoch, system_identifier, timeline, started_at)
SELECT coalesce(max(e.epoch), 0) + 1, s.system_identifier, c.timeline_id, clock_timestamp()
FROM pg_control_system() s CROSS JOIN pg_control_checkpoint() c LEFT JOIN journal_epochs e ON true
GROUP BY s.system_identifier, c.timeline_id
HAVING NOT EXISTS (
    SELECT FROM journal_epochs newest
    WHERE newest.epoch = (SELECT max(epoch) FROM journal_epochs)
      AND newest.system_identifier = s.system_identifier AND newest.timeline = c.timeline_id
)
ON CONFLICT (epoch) DO NOTHING
"""


def ensure_epoch(connection: Any) -> None:
    """Open a new journal epoch if this server is not the one the last epoch was written on.

    Args:
        connection: A fresh DBAPI connection; committed before it is handed out.
    """
    cursor = connection.cursor()
    cursor.execute("SELECT to_regclass('journal_epochs') IS NOT NULL AND NOT pg_is_in_recovery()")
    if cursor.fetchone()[0]:
        cursor.execute(_ENSURE)
        connection.commit()
    else:
        connection.rollback()
    cursor.close()
