"""Every day it is said where the trail is: in a file, and at an address that others keep."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from citywide.audit import anchors
from citywide.audit.anchoring import EVERY, Anchoring, Witness, check_witness
from citywide.errors import OperatorError
from walls.house import House

KEY = OKPKey.generate_key("Ed25519")
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@contextmanager
def listening(taken: list[bytes], refusing: list[int]) -> Iterator[str]:
    """An address that keeps what it is sent, but for the statuses that it is told to answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = refusing.pop() if refusing else 204
            if status == 204:
                taken.append(body)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/heads"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_statement_is_written_once_a_day_and_posted_until_it_is_taken(
    pilot: House, tmp_path: Path
) -> None:
    await pilot.act(
        "shouqianshou.director", "inviteMember", subject="new.one", name="新同事", roles=["finance"]
    )
    taken: list[bytes] = []
    refusing = [500]
    with listening(taken, refusing) as url:
        anchoring = Anchoring(pilot.database, Witness(tmp_path / "anchors", url, KEY, "x"))
        with pytest.raises(OSError, match="does not take the statement"):
            await anchoring.look(NOW)
        [first] = anchors.written(tmp_path / "anchors")
        assert first.stat().st_mode & 0o077 == 0
        # What was not taken is sent again, and written no second time.
        await anchoring.look(NOW + timedelta(minutes=10))
        await anchoring.look(NOW + timedelta(minutes=20))
        assert taken == [first.read_bytes()]
        await anchoring.look(NOW + EVERY)
        assert len(taken) == 2
    assert len(anchors.written(tmp_path / "anchors")) == 2
    [head] = anchors.read(first, KEY).heads
    assert (head.slug, head.position) == ("shouqianshou", 1)


@pytest.mark.parametrize("url", ["ftp://a/b", "nonsense", "http://", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused_before_anything_starts(url: str) -> None:
    with pytest.raises(OperatorError, match="CITYWIDE_ANCHOR_URL is"):
        check_witness(url)
