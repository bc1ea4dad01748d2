"""What is told when it happens: a topic that use cases name, a subscription that callers see.

A domain folder's `graph.py` announces the topics of its rows; `Act.announce` names topic and row.

    announce("serviceRecorded", "A service was recorded.", gives="ServiceRecord")
"""

from __future__ import annotations

from dataclasses import dataclass

from citywide.acts.act import APPROVAL_REQUESTED
from citywide.graph.declare import CATALOGUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Something that is told when it happens: a subscription, and whose rows it is about.

    An open topic is about rows of several entities, of which more may come: it shows them as nodes.
    """

    name: str
    description: str
    gives: tuple[str, ...]
    is_open: bool = False

    @property
    def coordinate(self) -> str:
        """What the policy calls it."""
        return f"Subscription.{self.name}"

    @property
    def event_type(self) -> str:
        """`ServiceRecordedEvent` of `serviceRecorded`."""
        return f"{self.name[0].upper()}{self.name[1:]}Event"

    @property
    def row_field(self) -> str:
        """The event type's field with the row."""
        return "about" if self.is_open else f"{self.gives[0][0].lower()}{self.gives[0][1:]}"


def announce(name: str, description: str, *, gives: str) -> None:
    """Declare a topic that `Act.announce` names, about rows of the entity `gives`."""
    if name in CATALOGUE.topics:
        raise ValueError(f"The topic {name} is declared twice.")
    CATALOGUE.topics[name] = Topic(name=name, description=description, gives=(gives,))


def announce_approval(*entities: str) -> None:
    """Rows of these entities may wait for somebody's approval: the topic `approvalRequested`."""
    name = APPROVAL_REQUESTED
    known = CATALOGUE.topics.get(name)
    gives = (*(known.gives if known else ()), *entities)
    text = "Somebody was asked to approve something."
    CATALOGUE.topics[name] = Topic(name=name, description=text, gives=gives, is_open=True)
