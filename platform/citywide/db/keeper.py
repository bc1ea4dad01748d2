"""Starts the embedded server again when it dies under a command that uses it."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from citywide.errors import OperatorError

# How often whoever uses the server looks whether it is still there: a request waits longer.
LOOK_S = 0.5
# A server that is gone so often within so long will be gone again: its log says why.
RESTARTS = 5
# One that cannot go on dies within seconds; one that dies every few hours is worth starting.
RESTARTS_WITHIN_S = 600.0


class Kept(Protocol):
    """A server of this machine."""

    def is_there(self) -> bool:
        """Whether it runs; raises `OperatorError` when that cannot be told."""

    def failure(self, what: str) -> str:
        """A sentence about it, with where to look."""


@contextmanager
def kept(server: Kept, start: Callable[[], None]) -> Iterator[None]:
    """Look after a server while the block runs; `start` raises `OperatorError`."""
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(server, start, ended), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _keep(server: Kept, start: Callable[[], None], ended: threading.Event) -> None:
    """Start the server again whenever it is gone, but not for ever; each time is told in a line."""
    started: deque[float] = deque(maxlen=RESTARTS)
    while not ended.wait(LOOK_S):
        try:
            if server.is_there():
                continue
            if len(started) == RESTARTS and time.monotonic() - started[0] < RESTARTS_WITHIN_S:
                _tell(server.failure(f"was gone {RESTARTS} times and is not started again"))
                return
            started.append(time.monotonic())
            start()
            _tell("The embedded PostgreSQL was gone and has been started again.")
        except OperatorError as error:
            _tell(str(error))


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
