"""`GET /`: what runs here, how to sign in, where the schema is, and a place to ask something.

The page is whole in itself. Its style and script are named to the browser by their digests
(Content Security Policy level 3), and nothing else may be loaded or run.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_PAGE = Path(__file__).with_name("home.html").read_bytes()


def _digest(tag: str) -> str:
    """The source expression of the page's one element `tag`."""
    found = re.search(rf"<{tag}>(.*?)</{tag}>".encode(), _PAGE, re.DOTALL)
    assert found is not None
    return f"'sha256-{b64encode(sha256(found[1]).digest()).decode()}'"


_HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src {_digest('style')}; script-src {_digest('script')}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


async def home(_: Request) -> Response:
    """The page."""
    return Response(_PAGE, media_type="text/html", headers=_HEADERS)
