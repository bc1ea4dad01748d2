"""An authorised selection becomes one SQL statement in which PostgreSQL builds the JSON.

`compile_operation` walks the operation once. Every object becomes a JSON_OBJECT over its row,
every edge a LATERAL sub-query about the row it leaves, every connection a page aggregated to a
list. On the way each coordinate is asked of the grants; anything forbidden refuses the whole
operation. The result is a `Plan`: SQL text, and how each bind parameter gets its value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from graphql.execution.values import VariableValues
from sqlalchemy import (
    ARRAY,
    Text,
    Uuid,
    and_,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.sql import ColumnElement, FromClause, Select

from citywide.authz.grants import Grants
from citywide.db.compiled import compile_text
from citywide.db.session import Audience
from citywide.db.tables import is_tenant_table
from citywide.errors import Code, RefusalError
from citywide.graph.access import Access
from citywide.graph.address import Address, address_of, bounded, first_of
from citywide.graph.admit import Admitted
from citywide.graph.declare import (
    FEW_ROWS,
    Either,
    Entity,
    Few,
    Join,
    Localised,
    Many,
    One,
    Root,
    Sealed,
    Value,
)
from citywide.graph.introspection import about_schema
from citywide.graph.listing import Listing
from citywide.graph.paging import Page
from citywide.graph.place import Place
from citywide.graph.plan import Plan, end_of
from citywide.graph.schema import Schema
from citywide.graph.selection import Group, Selections
from citywide.graph.sql import (
    SUBJECTS,
    JsonObject,
    json_list,
    opaque_id,
    printed,
    sealed_marker,
    text_constant,
)
from citywide.graph.subjects import subjects
from citywide.graph.telling import telling_fields
from citywide.graph.values import Binds, Variables, id_tags

# What a short list counts for in the sum of rows that an answer may hold.
_FEW_ESTIMATE = 10


def compile_operation(
    schema: Schema,
    admitted: Admitted,
    variables: VariableValues,
    grants: Grants,
    audience: Audience,
    *,
    has_predicates: bool = True,
    notes_reads: bool = True,
) -> Plan:
    """The plan of an admitted operation; `variables` are symbolic (`values.symbolic`).

    Raises `RefusalError`: FORBIDDEN naming every coordinate that the grants refuse, or
    BAD_USER_INPUT and LIMIT_EXCEEDED for arguments that cannot be planned.
    `has_predicates=False` leaves the tenant predicates out: only to test that row-level security
    alone gives the same answers. `notes_reads=False` leaves out whom the rows are about: only to
    measure what that costs.
    """
    access = Access(schema.entities, grants, audience, Binds(), has_predicates=has_predicates)
    selections = Selections(schema.graphql, admitted.fragments, variables)
    planner = Planner(schema, access, selections, notes_reads=notes_reads)
    groups = selections.collect("Query", [admitted.operation.selection_set])
    selected = [g for g in groups if g.name not in ("__schema", "__type")]
    pairs = [(g.key, planner.root(g)) for g in selected]
    refuse_forbidden(access.forbidden)
    answer = cast(JsonObject(pairs), Text) if pairs else literal_column("'{}'")
    asked = [node for g in groups if g not in selected for node in g.nodes]
    introspection = about_schema(asked, admitted) if asked else ""
    roots = tuple(dict.fromkeys(f"Query.{g.name}" for g in selected))
    keys = tuple(group.key for group in groups)
    plan = plan_of(planner, select(answer), roots, keys)
    has_figures = any(group.name in schema.catalogue.roots for group in selected)
    return replace(plan, introspection=introspection, has_figures=has_figures)


def refuse_forbidden(forbidden: set[str]) -> None:
    """Refuse the whole operation, naming every forbidden coordinate."""
    if forbidden:
        names = sorted(forbidden)
        message = f"Your roles do not allow: {', '.join(names)}."
        raise RefusalError(Code.FORBIDDEN, message, coordinates=names)


def plan_of(
    planner: Planner,
    answer: Select[Any],
    roots: tuple[str, ...],
    keys: tuple[str, ...],
) -> Plan:
    """The plan of what the planner has walked; `answer` is its one statement."""
    access = planner.access
    sql, parameters = compile_text(answer)
    masked = tuple(
        {"path": list(path), "coordinate": coordinate, "reason": reason}
        for path, coordinate, reason in access.masked
    )
    return Plan(
        sql=sql,
        supplies=tuple(access.binds.supply(name, value) for name, value in parameters),
        masked=masked,
        sizes=tuple(planner.sizes),
        has_sealed=planner.has_sealed,
        cursors=tuple(access.cursors),
        gives_cursors=access.gives_cursors,
        roots=roots,
        person_coordinates=tuple(sorted(planner.person_coordinates)),
        probed=tuple(sorted({*access.probed})) if planner.notes_reads else (),
        countings=access.countings,
        keys=keys,
        finishes=planner.finishes,
        introspection="",
        has_figures=False,
        end=end_of(masked),
    )


class Planner:
    """Walks one operation; what it learns beside the SQL are its attributes.

    `person_coordinates` are those that tell about persons.
    """

    def __init__(
        self,
        schema: Schema,
        access: Access,
        selections: Selections,
        *,
        notes_reads: bool = True,
    ) -> None:
        self.notes_reads = notes_reads
        self.schema = schema
        self.access = access
        self.selections = selections
        self.sizes: list[tuple[Any, ...]] = []
        self.has_sealed = False
        self.person_coordinates: set[str] = set()
        self.finishes: dict[str, Callable[[Any, Variables], Any]] = {}

    # -- roots --------------------------------------------------------------------------------

    def root(self, group: Group) -> ColumnElement[Any]:
        """A root field's answer."""
        if group.name == "__typename":
            return text_constant("Query")
        self.access.grant(f"Query.{group.name}")
        place = Place(self, group, self.selections.arguments("Query", group), (group.key,), ())
        catalogue = self.schema.catalogue
        match group.name:
            case "viewer":
                entity = self.schema.entities["Viewer"]
                return self._viewer(entity, place)
            case "node":
                return self._node(place)
            case "nodes":
                return self._nodes(place)
            case name if name in catalogue.roots:
                return self._compiled(catalogue.roots[name], place)
            case name:
                entity = next(e for e in catalogue.entities.values() if e.root == name)
                found = self._connection(entity, lambda _: [], None, place)
                return found.scalar_subquery()

    def _compiled(self, root: Root, place: Place) -> ColumnElement[Any]:
        for name, enum in root.guarded.items():
            for value in place.arguments.get(name) or ():
                self.access.grant(f"{enum.__name__}.{value}")
        if root.finish is not None:
            self.finishes[place.group.key] = root.finish(place)
        return root.compile(place)

    def _viewer(self, entity: Entity, place: Place) -> ColumnElement[Any]:
        row = self.access.reference(entity.table)
        me = row.c.id == self.access.binds.principal("member_id", Uuid())
        conditions = [me, *self.access.visible(entity, row)]
        return self.object(entity, row, place, conditions).scalar_subquery()

    def _node(self, place: Place) -> ColumnElement[Any]:
        binds = self.access.binds
        given = place.arguments["id"]
        at = Address(
            tags=id_tags(given),
            tag=binds.value(given, Text(), lambda found: address_of(found).tag),
            tenant_id=binds.value(given, Uuid(), lambda found: address_of(found).tenant_id),
            row_id=binds.value(given, Uuid(), lambda found: address_of(found).row_id),
        )
        return first_of([each.scalar_subquery() for each in self._addressed(at, None, place)])

    def _nodes(self, place: Place) -> ColumnElement[Any]:
        binds = self.access.binds
        given = place.arguments["ids"]
        self.sizes.append((given,))

        def every(part: str) -> Callable[[list[str]], list[Any]]:
            return lambda found: [getattr(address_of(each), part) for each in bounded(found)]

        ids = func.unnest(
            binds.value(given, ARRAY(Text()), every("tag")),
            binds.value(given, ARRAY(Uuid()), every("tenant_id")),
            binds.value(given, ARRAY(Uuid()), every("row_id")),
        ).table_valued("tag", "tenant_id", "row_id", with_ordinality="place")
        ids = ids.render_derived()
        at = Address(id_tags(given), ids.c.tag, ids.c.tenant_id, ids.c.row_id)
        place = replace(place, sizes=(given,))
        joined: FromClause = ids
        found = []
        for each in self._addressed(at, ids, place):
            sub = each.lateral()
            joined = joined.outerjoin(sub, true())
            found.append(sub.c.j)
        answer = json_list(first_of(found), [ids.c.place])
        return select(answer).select_from(joined).scalar_subquery()

    def _addressed(self, at: Address, outer: FromClause | None, place: Place) -> list[Select[Any]]:
        """For each type that the ids are of: the object at the address `at`.

        Types that the operation names are walked as well, so that what is forbidden does not
        depend on the ids.
        """
        found = []
        for entity in self.schema.entities.values():
            is_wanted = entity.tag in at.tags
            if not self.is_possible(entity, place, is_wanted=is_wanted):
                continue
            row = self.access.reference(entity.table)
            conditions = [
                at.tag == literal_column(f"'{entity.tag}'", Text),
                row.c.id == at.row_id,
                *self.access.visible(entity, row),
            ]
            if is_tenant_table(entity.table):
                conditions.append(row.c.tenant_id == at.tenant_id)
            if entity.name == "Viewer":
                conditions.append(row.c.id == self.access.binds.principal("member_id", Uuid()))
            made = self.object(entity, row, place, conditions)
            if is_wanted:
                found.append(made if outer is None else made.correlate(outer))
        return found

    def is_possible(self, entity: Entity, place: Place, *, is_wanted: bool = True) -> bool:
        """Whether an abstract field may answer with this type.

        A type that the caller may not see is passed over, unless the operation asks for it by
        name: then its coordinates are forbidden like any other.
        """
        if is_wanted and self.access.row_scope(entity) is not None:
            return True
        return self.selections.is_named(place.group, entity.name)

    # -- objects ------------------------------------------------------------------------------

    def object(
        self, entity: Entity, row: FromClause, place: Place, conditions: Sequence[Any]
    ) -> Select[Any]:
        """`SELECT JSON_OBJECT(…) AS j` over the rows of `entity` for which `conditions` hold."""
        found, joined = self.row_json(entity, row, row, place)
        return select(found.label("j")).select_from(joined).where(and_(true(), *conditions))

    def row_json(
        self, entity: Entity, row: FromClause, joined: FromClause, place: Place
    ) -> tuple[JsonObject, FromClause]:
        """The JSON of one row, and `joined` with the LATERAL sub-queries of the row's edges."""
        pairs: list[tuple[str, ColumnElement[Any]]] = []
        groups = self.selections.children(place.group, entity.name)
        for group in groups:
            path = (*place.path, group.key)
            made = self._field(entity, row, group, Place(self, group, {}, path, place.sizes))
            if isinstance(made, Select):
                sub = made.correlate(row).lateral()
                joined = joined.outerjoin(sub, true())
                pairs.append((group.key, sub.c.j))
            elif isinstance(made, list):
                subs = [each.correlate(row).lateral() for each in made]
                for sub in subs:
                    joined = joined.outerjoin(sub, true())
                pairs.append((group.key, first_of([sub.c.j for sub in subs])))
            else:
                pairs.append((group.key, made))
        shown = (group.name for group in groups if not self.access.is_hidden(entity, group.name))
        telling = telling_fields(self.schema.entities, entity, frozenset(shown))
        if self.notes_reads and telling:
            self.person_coordinates.update(f"{entity.name}.{name}" for name in telling)
            pairs.append((SUBJECTS, subjects(self.access, entity, row)))
        return JsonObject(pairs), joined

    def _field(
        self, entity: Entity, row: FromClause, group: Group, place: Place
    ) -> ColumnElement[Any] | Select[Any] | list[Select[Any]]:
        """A value as an expression, an edge as a select of `j`, a union as one select a type."""
        if group.name == "__typename":
            return text_constant(entity.name)
        coordinate = f"{entity.name}.{group.name}"
        grant = self.access.grant(coordinate)
        if group.name == "id":
            return opaque_id(entity, row)
        declared = entity.fields[group.name]
        self.access.note_mask(entity, coordinate, place.path)
        match declared:
            case Value():
                seen = self.access.value(entity, coordinate, declared, row)
                return printed(declared.kind, seen)
            case Sealed():
                self.has_sealed = True
                clear = None if grant is None else self.access.clear(entity, row, grant)
                return sealed_marker(entity, declared, row, clear)
            case Localised():
                locale = self.selections.arguments(entity.name, group)["locale"]
                return row.c[declared.columns[locale]]
            case One():
                target = self.schema.entities[declared.target]
                clear = None if grant is None else self.access.clear(entity, row, grant)
                return self._one(target, declared.on, row, clear, place)
            case Either():
                return [
                    self._one(self.schema.entities[name], on, row, None, place)
                    for name, on in declared.alternatives.items()
                    if self.is_possible(self.schema.entities[name], place)
                ]
            case Few():
                return self._few(declared, row, place)
            case Many():
                target = self.schema.entities[declared.target]
                place = replace(place, arguments=self.selections.arguments(entity.name, group))
                on = declared.on
                return self._connection(
                    target, lambda other: self.access.joined(target, other, on, row), row, place
                )

    def _one(
        self,
        target: Entity,
        on: Join,
        row: FromClause,
        clear: ColumnElement[bool] | None,
        place: Place,
    ) -> Select[Any]:
        other = self.access.reference(target.table)
        conditions = [
            *self.access.visible(target, other),
            *self.access.joined(target, other, on, row),
            *([] if clear is None else [clear]),
        ]
        return self.object(target, other, place, conditions)

    def _few(self, declared: Few, row: FromClause, place: Place) -> Select[Any]:
        target = self.schema.entities[declared.target]
        other = self.access.reference(target.table)
        conditions = [
            *self.access.visible(target, other),
            *self.access.joined(target, other, declared.on, row),
        ]
        order = [*(other.c[name] for name in declared.order), other.c.id]
        numbered = func.row_number().over(order_by=order).label("rn")
        chosen = select(*other.c, numbered).where(and_(true(), *conditions)).order_by(*order)
        page = chosen.limit(FEW_ROWS).correlate(row).subquery()
        inner = replace(place, sizes=(*place.sizes, _FEW_ESTIMATE))
        self.sizes.append(inner.sizes)
        found, joined = self.row_json(target, page, page, inner)
        return select(json_list(found, [page.c.rn]).label("j")).select_from(joined)

    # -- connections --------------------------------------------------------------------------

    def _connection(
        self,
        entity: Entity,
        join: Callable[[FromClause], list[ColumnElement[bool]]],
        outer: FromClause | None,
        place: Place,
    ) -> Select[Any]:
        """The connection's JSON as `j`: always one row."""
        page = Page(self.access, entity, place.arguments, join, outer)
        inner = replace(place, sizes=(*place.sizes, page.size))
        self.sizes.append(inner.sizes)
        groups = self.selections.children(place.group, f"{entity.name}Connection")
        reads_rows = any(g.name in ("edges", "nodes", "pageInfo") for g in groups)
        if not reads_rows:
            # What a list is filtered by is asked of the grants even where no row is read.
            page.count()
        listing = Listing(self, page, groups, inner) if reads_rows else None
        pairs: list[tuple[str, ColumnElement[Any]]] = []
        for group in groups:
            match group.name:
                case "__typename":
                    pairs.append((group.key, text_constant(f"{entity.name}Connection")))
                case "totalCount":
                    pairs.append((group.key, page.count()))
                    if self.notes_reads and page.is_probing:
                        self.access.countings += 1
                        pairs.append((SUBJECTS, page.counted()))
                case _:
                    assert listing is not None
                    pairs.append((group.key, listing.field(group)))
        if self.notes_reads and listing is not None and listing.is_touching:
            self.access.countings += 1
            pairs.append((SUBJECTS, listing.touched()))
        found = select(JsonObject(pairs).label("j"))
        return found if listing is None else found.select_from(listing.joined).having(true())
