"""The rows of a connection's page as JSON: edges, nodes, and where the page stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import false, func, or_
from sqlalchemy.sql import ColumnElement, FromClause

from citywide.graph.paging import Page
from citywide.graph.place import Place, Walk
from citywide.graph.selection import Group
from citywide.graph.sql import SUBJECTS, JsonObject, json_list, text_constant
from citywide.graph.subjects import paged, subjects
from citywide.graph.telling import leads_to_a_person


class Listing:
    """The rows of a connection's page: its edges, its nodes, and where the page stands."""

    def __init__(self, walk: Walk, page: Page, groups: list[Group], place: Place) -> None:
        self.walk = walk
        self.page = page
        self.place = place
        infos = [i for g in groups if g.name == "pageInfo" for i in self._infos(g)]
        more = "hasPreviousPage" if page.is_backward else "hasNextPage"
        self.has_one_more = any(info.name == more for info in infos)
        self.shows_persons = False
        self.rows = page.rows(has_one_more=self.has_one_more)
        self.joined: FromClause = self.rows
        # Counted backwards the window's first row is the page's last.
        number = self.rows.c.rn
        self.order = [number.desc() if page.is_backward else number.asc()]
        self.inside = number <= page.size_bound() if self.has_one_more else None

    def field(self, group: Group) -> ColumnElement[Any]:
        """`edges`, `nodes` or `pageInfo`."""
        if group.name == "pageInfo":
            return JsonObject([(info.key, self._info(info)) for info in self._infos(group)])
        place = replace(self.place, group=group, path=(*self.place.path, group.key))
        item = self._json(place) if group.name == "nodes" else self._edge(place)
        return json_list(item, self.order, self.inside)

    def _infos(self, group: Group) -> list[Group]:
        return self.walk.selections.children(group, "PageInfo")

    def _json(self, place: Place) -> ColumnElement[Any]:
        found, self.joined = self.walk.row_json(self.page.entity, self.rows, self.joined, place)
        self.shows_persons = self.shows_persons or any(key == SUBJECTS for key, _ in found.pairs)
        return found

    @property
    def is_touching(self) -> bool:
        """Whether the rows' places tell about persons, and the rows themselves about nobody."""
        page = self.page
        tells = leads_to_a_person(page.access.entities, page.entity)
        return page.is_probing and tells and not self.shows_persons

    def touched(self) -> ColumnElement[Any]:
        """What the hidden member at the list's end says: whose places the page tells."""
        page = self.page
        return paged(subjects(page.access, page.entity, self.rows), self.inside)

    def _edge(self, place: Place) -> ColumnElement[Any]:
        pairs = []
        for group in self.walk.selections.children(place.group, f"{self.page.entity.name}Edge"):
            match group.name:
                case "__typename":
                    made: ColumnElement[Any] = text_constant(f"{self.page.entity.name}Edge")
                case "cursor":
                    made = self.page.cursor(self.rows)
                case _:
                    path = (*place.path, group.key)
                    made = self._json(replace(place, group=group, path=path))
            pairs.append((group.key, made))
        return JsonObject(pairs)

    def _info(self, group: Group) -> ColumnElement[Any]:
        page = self.page
        match group.name:
            case "__typename":
                return text_constant("PageInfo")
            case "hasNextPage":
                return self._more(is_forward=True)
            case "hasPreviousPage":
                return self._more(is_forward=False)
            case "startCursor" | "endCursor":
                is_first = (group.name == "startCursor") != page.is_backward
                number = self.rows.c.rn
                order = number.asc() if is_first else number.desc()
                listed = json_list(page.cursor(self.rows), [order], self.inside)
                return listed[0]
            case name:
                raise AssertionError(name)

    def _more(self, *, is_forward: bool) -> ColumnElement[Any]:
        page = self.page
        bound = page.before if is_forward else page.after
        tests: list[ColumnElement[bool]] = [false()]
        if is_forward != page.is_backward:
            tests.append(func.count(self.rows.c.rn) > page.size_bound())
        if bound is not None:
            tests.append(page.beyond(bound, is_after=not is_forward))
        return or_(*tests)
