"""What can go wrong, in sentences a person can act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The values of `extensions.code` in a GraphQL error; published, so never renamed."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    TIMEOUT = "TIMEOUT"
    INTERNAL = "INTERNAL"


class RefusalError(Exception):
    """A request is refused: the caller's doing, the caller's to mend.

    The message is shown to the caller as it is: a sentence saying what, where and what to do,
    never a row's content. `extensions` is merged into the GraphQL error's extensions.
    """

    def __init__(self, code: Code, message: str, **extensions: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extensions = extensions


class OperatorError(Exception):
    """The person at the command line can mend this: one sentence on stderr, exit code 2."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that a draft breaks: the field's path in the draft, and a sentence about it."""

    path: tuple[str | int, ...]
    message: str


class InvalidError(Exception):
    """Drafts break rules of the field: nothing was written, and every broken rule is named.

    A path begins with the draft's place in the batch, counted from 0. A message never repeats
    what another person's file says, only what the caller wrote.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(fault.message for fault in self.faults))
