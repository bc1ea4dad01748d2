"""What can go wrong, in sentences a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

# After so long it is worth while to ask again: a database is started in less, and a crowd that
# was refused does not come back at once.
RETRY_AFTER_S = 2

# Where in an input a field is, in the code's spelling; the schema's is made at the edge.
Path = tuple[str | int, ...]


class Code(StrEnum):
    """The values of `extensions.code` in a GraphQL error; published, so never renamed."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
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

    def again(self) -> RefusalError:
        """The same refusal, to be raised once more: one that is kept gathers no tracebacks."""
        return RefusalError(self.code, self.message, **self.extensions)


class UnavailableError(Exception):
    """Something that we need is not there right now: nobody's mistake, and worth asking again.

    The message is shown to the caller as it is.
    """

    code: ClassVar[Code] = Code.UNAVAILABLE

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OperatorError(Exception):
    """The person at the command line can mend this: one sentence on stderr, exit code 2."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that a draft breaks: the field's path in the draft, and a sentence about it.

    `code` and `parameters` say the same to programs, which may word it in their own language.
    """

    path: Path
    message: str
    code: str = "RULE"
    parameters: Mapping[str, str] = field(default_factory=dict)

    def within(self, *path: str | int) -> Fault:
        """The same fault of a draft that stands at `path` of a larger one."""
        return Fault((*path, *self.path), self.message, self.code, self.parameters)


class InvalidError(Exception):
    """A draft breaks rules of the field: nothing was written, and every broken rule is named.

    A message never repeats what another person's file says, only what the caller wrote.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(fault.message for fault in self.faults))


def refuse(faults: Iterable[Fault]) -> None:
    """Raise `InvalidError` with every fault there is."""
    found = tuple(faults)
    if found:
        raise InvalidError(found)
