"""Kept-alive connections that send bytes and look at whatever comes back, in few steps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# An answer that takes longer was not given.
ANSWER_S = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body; status 0 is a connection that the server closed instead."""

    status: int
    body: bytes


class Wire:
    """One connection, opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, request: bytes) -> Answer:
        """Send a request and read its answer."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._sent(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            return Answer(0, b"")

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _sent(self, request: bytes) -> Answer:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await self._reader.readexactly(int(length or 0))
        if b"connection: close" in head:
            self.close()
        return Answer(int(head[9:12]), body)


def post(body: bytes, headers: Mapping[str, str], path: str = "/graphql") -> bytes:
    """The bytes of a POST of JSON."""
    lines = {"host": "127.0.0.1", "content-type": "application/json", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


def get(path: str, headers: Mapping[str, str]) -> bytes:
    """The bytes of a GET."""
    lines = {"host": "127.0.0.1", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()


def operation(document: str, variables: Mapping[str, Any]) -> bytes:
    """The body of an operation."""
    return json.dumps({"query": document, "variables": variables}).encode()
