"""Every path of the schema that ends at a person, as operations to run.

The walk starts at each root field and follows every edge, through connections, short lists and
unions alike. It is bounded so that it ends and stays quick: at most `EDGES` edges after the root,
and no type twice on the way, except that the last edge may lead back to a type already passed
(a client's worker's clients). A person is an entity declared as one, or what belongs to one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from citywide.authz.grants import Grants
from citywide.graph.declare import Either, Entity, Few, Field, Localised, Many, One, Sealed, Value
from citywide.graph.schema import Schema

# A client's worker's other clients' attendances: three edges after the root field.
EDGES = 3
# What the slow walk follows: every way round that is not a mere repetition of a shorter one.
MANY_EDGES = 5
# Tables in one operation: below the planner's limit of 150, each connection counted and listed.
EDGES_OF_AN_OPERATION = 60
# Rows of a page, the root's first: enough to see a stranger, few enough for deep paths.
PAGE_SIZES = (3, 2, 2, 2, 2, 2, 2, 2)

Readable = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One edge: the field, its declaration and the entity it leads to."""

    name: str
    declared: Field | None
    target: Entity


Path = tuple[Step, ...]


def targets(declared: Field) -> list[str]:
    """The types that an edge leads to; none for a value."""
    match declared:
        case One(target=target) | Many(target=target) | Few(target=target):
            return [target]
        case Either(alternatives=alternatives):
            return list(alternatives)
    return []


def roots(schema: Schema) -> Iterator[Step]:
    """Each root field that leads to an entity; `node` stands for every type's look-up."""
    for entity in schema.entities.values():
        if entity.root is not None:
            yield Step(entity.root, None, entity)
    yield Step("viewer", None, schema.entities["Viewer"])


def everything(_: str) -> bool:
    """The coordinates of somebody who may read all of them."""
    return True


def granted(grants: Grants) -> Readable:
    """The coordinates that the grants allow."""
    return lambda coordinate: grants.of(coordinate) is not None


def paths_to_persons(schema: Schema, readable: Readable, edges: int = EDGES) -> list[Path]:
    """The readable paths that end at a person, those with a common beginning together."""
    found: list[Path] = []
    for root in roots(schema):
        if readable(f"Query.{root.name}") and readable(f"{root.target.name}.id"):
            found += [path for path in _onward(schema, readable, (root,), edges) if _is_last(path)]
    return found


def _is_last(path: Path) -> bool:
    return path[-1].target.person


def _onward(schema: Schema, readable: Readable, path: Path, edges: int) -> Iterator[Path]:
    yield path
    passed = [step.target.name for step in path]
    # A type passed twice ends the path.
    if edges == 0 or len(set(passed)) < len(passed):
        return
    for step in edges_of(schema, path[-1].target):
        if readable(f"{path[-1].target.name}.{step.name}") and readable(f"{step.target.name}.id"):
            yield from _onward(schema, readable, (*path, step), edges - 1)


def edges_of(schema: Schema, entity: Entity) -> Iterator[Step]:
    """Every edge that leaves an entity; a union gives one for each member."""
    for name, declared in entity.fields.items():
        for target in targets(declared):
            yield Step(name, declared, schema.entities[target])


@dataclass(slots=True)
class Branch:
    """A type on the way and the edges that are followed from it."""

    entity: Entity
    onward: dict[tuple[str, str], tuple[Step, Branch]] = field(default_factory=dict)

    def grow(self, path: Iterable[Step]) -> int:
        """Add a path; how many edges that adds."""
        branch, added = self, 0
        for step in path:
            key = step.name, step.target.name
            if key not in branch.onward:
                branch.onward[key] = step, Branch(step.target)
                added += 1
            branch = branch.onward[key][1]
        return added


def operations(paths: Iterable[Path], readable: Readable) -> list[str]:
    """Documents that follow all the paths, as many in each as the limits allow."""
    found: list[str] = []
    trees: dict[str, tuple[Step, Branch]] = {}
    size = 0
    for path in paths:
        root = path[0]
        if size > EDGES_OF_AN_OPERATION:
            found.append(_document(trees, readable))
            trees, size = {}, 0
        tree = trees.setdefault(root.name, (root, Branch(root.target)))[1]
        size += tree.grow(path[1:])
    return [*found, _document(trees, readable)] if trees else found


def _document(trees: dict[str, tuple[Step, Branch]], readable: Readable) -> str:
    chosen = []
    for root, tree in trees.values():
        body = selection(tree, readable, 1)
        if root.target.root is None:
            chosen.append(f"{root.name} {{ {body} }}")
        else:
            chosen.append(f"{root.name}(first: {PAGE_SIZES[0]}) {_connection(body, 0)}")
    return f"{{ {' '.join(chosen)} }}"


def selection(branch: Branch, readable: Readable, depth: int) -> str:
    """Every readable value of a type, and the edges of the branch."""
    parts = ["__typename", *values(branch.entity, readable)]
    for name in dict.fromkeys(name for name, _ in branch.onward):
        followed = [pair for key, pair in branch.onward.items() if key[0] == name]
        parts.append(_edge(name, followed, readable, depth))
    return " ".join(parts)


def _edge(name: str, followed: list[tuple[Step, Branch]], readable: Readable, depth: int) -> str:
    step, branch = followed[0]
    match step.declared:
        case Many():
            body = _connection(selection(branch, readable, depth + 1), depth)
            return f"{name}(first: {PAGE_SIZES[depth]}) {body}"
        case Either():
            members = [
                f"... on {branch.entity.name} {{ {selection(branch, readable, depth + 1)} }}"
                for _, branch in followed
            ]
            return f"{name} {{ __typename {' '.join(members)} }}"
        case _:
            return f"{name} {{ {selection(branch, readable, depth + 1)} }}"


def _connection(body: str, depth: int) -> str:
    """Rows through `nodes` and through `edges` in turn, always counted."""
    if depth % 2:
        return f"{{ totalCount edges {{ cursor node {{ {body} }} }} }}"
    return f"{{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {body} }} }}"


def values(entity: Entity, readable: Readable) -> list[str]:
    """The readable values of an entity, its id first."""
    found = [
        name
        for name, declared in entity.fields.items()
        if isinstance(declared, Value | Sealed | Localised) and readable(f"{entity.name}.{name}")
    ]
    return ["id", *found]
