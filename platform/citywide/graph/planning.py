"""What a domain room needs to compile a root field of its own: the read engine's one door.

A room declares its rows with `declare`, its use cases with `mutate` and its events with `topics`,
and the engine does the rest. A root whose answer is no list of rows (figures, a proposal, whose
turn it is) is compiled by the room itself: its `Root.compile` gets the `Place` where it stands and
returns one expression, which becomes a part of the operation's one statement.

    def _compiled(place: Place) -> ColumnElement[Any]:
        chosen = Chosen.of(place.access, place.arguments.get("where"), "spending")
        row = place.access.reference(EXPENSE)
        …

The room then does what the engine does elsewhere:

- **Grants.** Every field that is selected is asked for with `place.access.grant`; `selected` and
  `keys_of_a_row` do so for types that only the root has. What is forbidden refuses the operation.
- **Walls.** Every reference of a table that belongs to a tenant goes through `access.visible` where
  it is an entity's row, and through `access.wall` otherwise.
- **Arguments** are values of the request: they enter the statement with `access.binds.value`, each
  with its converter, and never as literals. `Chosen` does so for the usual `where`.
- **Rows** of entities inside the answer are the engine's: `place.row_json`.
- **Persons** that figures count by something of theirs are probed: `place.access.probe` says
  what is looked at, and `place.noted` in each row how few it may be about.
- **JSON** is made by `JsonObject` and `json_list`; ids leave as `opaque_id`, values as `printed`.
"""

from citywide.graph.access import Access
from citywide.graph.chosen import Chosen, refuse_null
from citywide.graph.filters import converter, row_id
from citywide.graph.place import Place, constant, keys_of_a_row, selected
from citywide.graph.schema import Node
from citywide.graph.selection import Group
from citywide.graph.sql import (
    JsonObject,
    inside,
    json_list,
    opaque_id,
    printed,
    text_constant,
)
from citywide.graph.values import Variables, resolve

__all__ = [
    "Access",
    "Chosen",
    "Group",
    "JsonObject",
    "Node",
    "Place",
    "Variables",
    "constant",
    "converter",
    "inside",
    "json_list",
    "keys_of_a_row",
    "opaque_id",
    "printed",
    "refuse_null",
    "resolve",
    "row_id",
    "selected",
    "text_constant",
]
