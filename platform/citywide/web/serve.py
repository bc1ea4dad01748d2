"""Run the application under granian: worker processes that share one port."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from urllib.request import urlopen

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server
from starlette.applications import Starlette

from citywide.errors import OperatorError
from citywide.settings import Settings
from citywide.web.app import Rules, deployed

# Longer than any statement may run, so that no answer under way is cut off.
STOP_TIMEOUT_S = 10
# How often a starting server is asked whether it answers.
_PAUSE_S = 0.02
# A worker whose parent was killed holds its port for so long.
_ORPHANED_AFTER_S = 1.0


def check_port(host: str, port: int) -> None:
    """Refuse a port that cannot be listened on; raises `OperatorError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as tried:
        # As the server will: a port whose last connections are still closing is free.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            reason = {
                errno.EADDRINUSE: "is in use: stop what uses it, or choose another with --port",
                errno.EACCES: "needs the system's permission: choose one above 1023 with --port",
            }.get(error.errno or 0, f"cannot be listened on: {error.strerror}")
            raise OperatorError(f"The port {port} of {host} {reason}.") from error


def address(host: str, port: int) -> str:
    """Where the server is asked."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def serve(
    settings: Settings,
    url: str,
    rules: Rules,
    *,
    host: str,
    port: int,
    workers: int,
    ready: Callable[[], None],
) -> None:
    """Serve until a signal ends it; `ready` is called once requests are answered.

    Workers find their settings in the environment, as any process of a deployment does. Raises
    `OperatorError` for a port that is not to be had, and `SystemExit` when a worker fails.
    """
    os.environ["CITYWIDE_HOME"] = str(settings.home.resolve())
    os.environ["CITYWIDE_DATA"] = str(settings.data.expanduser().resolve())
    os.environ["DATABASE_URL"] = url
    check_port(host, port)
    server = Server(
        f"{deployed.__module__}:{deployed.__name__}",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=workers,
        workers_kill_timeout=STOP_TIMEOUT_S,
        # One worker that fails at its start will fail again: say so instead of trying for ever.
        respawn_failed_workers=workers > 1,
        log_level=LogLevels.error,
    )
    # To granian a hang-up means new workers, to us that the terminal is gone. The hook runs when
    # granian has set its handlers and has no workers yet.
    ending = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        ending.append(signal.SIGHUP)
    server.on_startup(lambda: end_once(server.signal_handler_interrupt, ending))
    ended = threading.Event()
    asked = (f"{address(host, port)}/health", ready, ended)
    threading.Thread(target=_announce, args=asked, daemon=True).start()
    # A forked worker has the rules already; one that starts as a new program loads them.
    is_forked = multiprocessing.get_start_method() == "fork"
    try:
        server.serve(target_loader=partial(_worker, rules if is_forked else None, os.getpid()))
    finally:
        ended.set()


def end_once(end: Callable[[], None], ending: Sequence[signal.Signals]) -> None:
    """Let the first of these signals end the server, and the others do nothing.

    A second one inside granian's handler would wait for a lock that the first one holds.
    """

    def first(*_: object) -> None:
        for number in ending:
            signal.signal(number, signal.SIG_IGN)
        end()

    for number in ending:
        signal.signal(number, first)


def _worker(rules: Rules | None, parent: int, _: str) -> Starlette:
    """The application, in a worker that ends when its parent says so or is gone, and only then.

    A terminal's signal goes to a whole process group. Then granian's worker gets another from its
    parent, and two at the same time can make it hang: so it leaves the group.
    """
    os.setpgid(0, 0)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return deployed(rules)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_ORPHANED_AFTER_S)
    os.kill(os.getpid(), signal.SIGTERM)


def _announce(url: str, ready: Callable[[], None], ended: threading.Event) -> None:
    """Call `ready` at the first answer; a worker that fails ends the server instead."""
    while not ended.wait(_PAUSE_S):
        try:
            with urlopen(url, timeout=1) as answer:  # noqa: S310 -- our own http address
                answer.read()
        except OSError:
            continue
        ready()
        return
