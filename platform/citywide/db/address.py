"""Where the database is, apart from who signs in there."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit


def without_user(url: str) -> str:
    """The URL of a database without whose rights and which password: what `Database.open` needs.

    A process that serves gets this one, so that no fault of it tells or uses the owner's.
    """
    parts = urlsplit(url)
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in {"user", "password", "passfile"}
    ]
    host = parts.netloc.rpartition("@")[2]
    told = f"?{urlencode(query)}" if query else ""
    return f"{parts.scheme}://{host}{parts.path}{told}"
