"""Run the application under granian: worker processes that share one port."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable
from urllib.request import urlopen

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from citywide.errors import OperatorError
from citywide.settings import Settings

# Longer than any statement may run, so that no answer under way is cut off.
STOP_TIMEOUT_S = 10
# How often a starting server is asked whether it answers.
_PAUSE_S = 0.02


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


def serve(
    settings: Settings, url: str, *, host: str, port: int, workers: int, ready: Callable[[], None]
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
        "citywide.web.app:deployed",
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
    ended = threading.Event()
    shown = f"[{host}]" if ":" in host else host
    asked = (f"http://{shown}:{port}/health", ready, ended)
    threading.Thread(target=_announce, args=asked, daemon=True).start()
    try:
        server.serve()
    finally:
        ended.set()


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
