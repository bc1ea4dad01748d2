"""Run the application under granian: worker processes that share one port.

The port's socket is opened here, or it is one that the caller holds (`LISTEN_FDS`, as systemd hands
sockets over). That one outlives this process: while one server ends and the next starts, clients
wait in it.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.request import urlopen

from granian._granian import SocketHolder
from granian.constants import Loops
from granian.log import LogLevels
from granian.server.mp import MPServer
from starlette.applications import Starlette

from citywide.db.address import without_user
from citywide.errors import OperatorError
from citywide.settings import Settings
from citywide.web.app import DRAIN_SIGNAL, Rules, deployed
from citywide.web.drain import LEAVE_S, SETTLE_S
from citywide.web.listening import open_enough_files, server_options

# Longer than any statement may run, so that no answer under way is cut off.
STOP_TIMEOUT_S = 10
# The first descriptor that is handed over (sd_listen_fds).
_FIRST_HELD = 3
# How often a starting server is asked whether it answers.
_PAUSE_S = 0.02
# A worker whose parent was killed holds its port for so long.
_ORPHANED_AFTER_S = 1.0


def is_handed_over() -> bool:
    """Whether somebody else holds the socket to listen on; host and port are then theirs."""
    is_for_us = os.environ.get("LISTEN_PID") == str(os.getpid())
    return is_for_us and os.environ.get("LISTEN_FDS") == "1"


def check_port(host: str, port: int) -> None:
    """Refuse a port that cannot be listened on; raises `OperatorError`."""
    if is_handed_over():
        return
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

    Workers find their settings in the environment, as any process of a deployment does, and the
    database by a URL that has no user: each audience signs in with its own password. Raises
    `OperatorError` for a port or files that are not to be had, `SystemExit` when a worker fails.
    """
    os.environ["CITYWIDE_HOME"] = str(settings.home.resolve())
    os.environ["CITYWIDE_DATA"] = str(settings.data.expanduser().resolve())
    os.environ["DATABASE_URL"] = without_user(url)
    check_port(host, port)
    open_enough_files()
    held = _held_socket()
    if held is not None:
        host, port = held.getsockname()[:2]
    queue = None if held is None else held.fileno()
    server = _Server(
        held,
        address=host,
        port=port,
        **server_options(),
        loop=Loops.uvloop,
        workers=workers,
        workers_kill_timeout=STOP_TIMEOUT_S,
        log_level=LogLevels.error,
    )
    # To granian a hang-up means new workers, to us that the terminal is gone. The hook runs when
    # granian has set its handlers and has no workers yet.
    ending = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        ending.append(signal.SIGHUP)
    server.on_startup(lambda: end_once(server.end, ending))
    # Until a worker has learned what it means; a forked one inherits it.
    signal.signal(DRAIN_SIGNAL, signal.SIG_IGN)
    ended = threading.Event()

    def answered() -> None:
        # A worker that fails at its start will fail again, so until now that ended the server.
        server.respawn_failed_workers = True
        ready()

    asked = (f"{address(host, port)}/health", answered, ended)
    threading.Thread(target=_announce, args=asked, daemon=True).start()
    # A forked worker has the rules already; one that starts as a new program loads them.
    is_forked = multiprocessing.get_start_method() == "fork"
    try:
        server.serve(
            target_loader=partial(_worker, rules if is_forked else None, os.getpid(), queue)
        )
    finally:
        ended.set()


class _Server(MPServer):
    """granian, on a socket that it opens or on one that is held for it."""

    def __init__(self, held: socket.socket | None, **settings: Any) -> None:
        super().__init__(f"{deployed.__module__}:{deployed.__name__}", factory=True, **settings)
        self._held = held

    def end(self) -> None:
        """Ask every client to come again, and stop once those have that can."""
        for worker in self.wrks:
            with suppress(ProcessLookupError):
                os.kill(worker.inner.pid, DRAIN_SIGNAL)
        if self._held is None:
            # Nobody would answer them: the port closes with this process.
            self.signal_handler_interrupt()  # type: ignore[no-untyped-call]
        else:
            threading.Timer(LEAVE_S + SETTLE_S, self.signal_handler_interrupt).start()

    def _init_shared_socket(self) -> None:
        if self._held is None:
            super()._init_shared_socket()  # type: ignore[no-untyped-call]
            return
        # All workers take from the one queue, so none takes a waiting client with it when it ends.
        self._sso = self._held
        self._shd: Any = _holder(self._held.fileno(), self.backlog)


def _holder(descriptor: int, backlog: int) -> SocketHolder:
    # What granian itself says of it does not have its arguments: descriptor, is a path, backlog.
    made: Any = SocketHolder
    holder: SocketHolder = made(descriptor, False, backlog)  # noqa: FBT003 -- see above
    return holder


def _held_socket() -> socket.socket | None:
    if not is_handed_over():
        return None
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    return socket.socket(fileno=_FIRST_HELD)


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


def _worker(rules: Rules | None, parent: int, queue: int | None, _: str) -> Starlette:
    """The application, in a worker that ends when its parent says so or is gone, and only then.

    A terminal's signal goes to a whole process group. Then granian's worker gets another from its
    parent, and two at the same time can make it hang: so it leaves the group.
    """
    os.setpgid(0, 0)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return deployed(rules, queue)


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
