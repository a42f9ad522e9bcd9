"""`zhepai up`: the whole service on one machine, for a visitor or a small institute.

It owns what it starts: the embedded PostgreSQL, the API, the clock worker and the indexer. In
larger installations a service manager starts `zhepai serve`, `worker` and `index` instead.
"""

import signal
import sys
from contextlib import ExitStack
from types import FrameType

from app.platform import postgres
from app.settings import Settings
from app.supervisor import home
from app.supervisor.children import Children, run_logged, run_visible
from app.supervisor.door import environment_for, free_port, url_of, wait_ready


def up(settings: Settings, *, reset: bool, demo: bool) -> None:
    """Run the service until Ctrl-C or SIGTERM, then stop everything that was started.

    Args:
        settings: of this process; the children get them through their environment.
        reset: delete the embedded database and our files first.
        demo: on the first start, drive the demo deal in this terminal.

    Raises:
        SystemExit: with the reason, if the service cannot start or a part of it died.
    """
    with ExitStack() as stack:
        stack.enter_context(home.claimed(settings))
        port = free_port(settings)
        _stop_on_signals()
        try:
            if reset:
                home.wipe(settings)
                _say("数据已清空。  The data are deleted.")
            _serve(stack, settings, port, demo=demo)
        except KeyboardInterrupt:
            _say("", "正在停止……  Stopping …")
        except (postgres.EmbeddedPostgresError, ValueError) as error:
            raise SystemExit(str(error)) from error
    _say("已停止。  Stopped.")


def _serve(stack: ExitStack, settings: Settings, port: int, *, demo: bool) -> None:
    if settings.database_url is None and not postgres.is_running(settings):
        # Only what this process starts: another one may be using a server found running.
        stack.callback(postgres.stop, settings)
    _say("正在启动……  Starting …")
    environment = environment_for(settings, port)
    logs = home.log_folder(settings)
    state = home.State.read(settings)
    if not state.is_prepared():
        _say("准备数据库与演示市场……  Preparing the database and the demo market …")
        for command in ("migrate", "demo-load"):
            run_logged(command, logs, environment)
        state = state.prepared()
        state.write(settings)

    children = stack.enter_context(Children(logs, environment))
    children.start("serve")
    children.start("worker")
    children.start("index")
    url = url_of(settings, port)
    wait_ready(url, children.check)
    if demo and not state.is_demonstrated():
        if run_visible("demo", environment) == 0:
            state.demonstrated().write(settings)
        else:
            _say("演示没有走完，服务照常运行。  The demo did not finish; the service runs on.")
    _welcome(settings, url)
    children.watch()


def _welcome(settings: Settings, url: str) -> None:
    from app.demo.logins import lines  # late: only a visitor needs the demo

    _say(
        "",
        f"浙拍已就绪  Zhepai is ready:  {url}/docs",
        *lines(),
        f"日志 Logs: {home.log_folder(settings)}    停止 Stop: Ctrl-C",
    )


def _stop_on_signals() -> None:
    """Turn the signals that end a process into one KeyboardInterrupt.

    Only the first counts: a second Ctrl-C would otherwise interrupt the cleaning up.
    """
    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # ignored under nohup
        wanted.append(signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in wanted:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in wanted:
        signal.signal(number, stop)


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
