"""What the server itself bounds: connections, and how long one may say nothing."""

from __future__ import annotations

import resource
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from citywide.errors import OperatorError
from citywide.web.doorkeeper import IDLE, UNKNOWN
from citywide.web.seats import REQUESTS, SOCKETS, STREAMS

# From a connection's start, or from the end of the last request in it, to the end of the next head.
# The last answer has to be taken within it as well: 400 kB of schema over a line of 20 kB/s. A
# proxy keeps its connections for less than this, lest it sends into one that is being closed.
HEAD_S = 20.0
# The whole head of a request with the longest token, and a document that comes as a GET's query.
HEAD_BYTES = 64 * 1024
# Connections of a worker: what requests, streams, the unknown and the idle may have together, and
# what comes between two looks of the doorkeeper. A WebSocket is none any more to the server.
CONNECTIONS = 4_096
# Connections that a worker has not taken yet. The system's own bound is this by default.
BACKLOG = 4_096
# Files of a worker that are no connections of clients: the database, libraries, pipes, fonts.
OTHER_FILES = 256

assert REQUESTS + STREAMS + UNKNOWN + IDLE < CONNECTIONS


def server_options() -> dict[str, Any]:
    """How granian is told to listen.

    It takes HTTP/1.1 alone: a first byte that may be of either is waited for without end, and the
    connection dropped when the server is told to end. No browser speaks HTTP/2 without the TLS of a
    proxy, which translates.
    """
    return {
        "interface": Interfaces.ASGI,
        "http": HTTPModes.http1,
        "http1_settings": HTTP1Settings(
            header_read_timeout=int(HEAD_S * 1000), max_buffer_size=HEAD_BYTES
        ),
        "backlog": BACKLOG,
        "backpressure": CONNECTIONS,
    }


def open_enough_files() -> None:
    """Let this process and its children open a file for each connection.

    Most systems begin with 1 024 and let a process raise it. Raises `OperatorError` where they
    don't.
    """
    needed = CONNECTIONS + SOCKETS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        sentence = f"A process may open {hard} files here, and a worker needs {needed}: "
        raise OperatorError(f"{sentence}raise the limit (ulimit -Hn, or LimitNOFILE of the unit).")
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
