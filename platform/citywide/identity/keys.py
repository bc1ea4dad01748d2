"""The deployment's secret and its local issuer's signing key, made at the first start."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from citywide.errors import OperatorError

# As many as the keys that are derived from it.
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """`secret` derives every password and sealing key; `issuer` signs the tokens made here."""

    secret: bytes
    issuer: OKPKey


def deployment_keys(data: Path) -> Keys:
    """Read the keys below `data`, making those that are missing, readable by this user only.

    Losing them loses what is sealed with them: they belong into the backup, apart from the
    database. Raises `OperatorError` when the folder or a key in it cannot be used.
    """
    folder = data.expanduser().resolve() / "keys"
    try:
        if not folder.parent.exists():
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        secret = _kept(folder / "secret", lambda: os.urandom(SECRET_BYTES))
        pem = _kept(folder / "issuer.pem", _new_issuer_key)
    except OSError as error:
        sentence = f"The keys' folder {folder} cannot be used: {error.strerror}."
        raise OperatorError(sentence) from error
    if len(secret) != SECRET_BYTES:
        sentence = f"The secret {folder / 'secret'} is damaged: restore it from your backup."
        raise OperatorError(sentence)
    try:
        return Keys(secret, OKPKey.import_key(pem))
    except (JoseError, ValueError) as error:
        sentence = f"The key {folder / 'issuer.pem'} is damaged: restore it from your backup."
        raise OperatorError(sentence) from error


def _new_issuer_key() -> bytes:
    return OKPKey.generate_key("Ed25519").as_pem(private=True)


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    if not path.exists():
        # Written aside and linked, which fails when another process was first: nobody ever reads
        # half a key, and the first one made is the one that stays.
        descriptor, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()
    # One that a backup or a person brought back may be everybody's to read.
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return path.read_bytes()
