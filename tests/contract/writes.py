"""Which tables a function of the package writes, read from its source and from all that it calls.

Nothing is run. What a name may stand for is followed through arguments, locals, returned values
and the fields of objects; where it stands for several things, for all of them. A write is where
SQLAlchemy's `insert` or `update` is called. One whose table the source does not say is of
`UNTOLD`: whoever asks has to know better.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, NamedTuple, get_args, get_type_hints

from sqlalchemy import Table

from citywide.db.tables import METADATA

INSERT, UPDATE = "insert", "update"
UNTOLD = "?"
_UPSERT = "on_conflict_do_update"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Write = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class _Thing:
    """Something that a name may stand for; a class stands for its instances as well."""

    it: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Thing) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


class _Of(NamedTuple):
    """What came of a table: a column, a statement, a row."""

    table: Table


class _Method(NamedTuple):
    function: FunctionType
    receiver: _Thing


_Things = frozenset[_Thing | _Of | _Method]
_NOTHING: _Things = frozenset()


class _Found(NamedTuple):
    writes: frozenset[Write]
    gives: _Things


def _things(it: Any) -> _Things:
    """What of an object can be followed; of a collection, all that it holds."""
    it = inspect.unwrap(it) if callable(it) else it
    if it is METADATA.tables or isinstance(it, Table | str | ModuleType | type | FunctionType):
        return frozenset({_Thing(it)})
    if isinstance(it, Mapping):
        return _all(map(_things, (*it.keys(), *it.values())))
    if isinstance(it, tuple | list | set | frozenset):
        return _all(map(_things, it))
    return frozenset({_Thing(it)}) if _is_ours(type(it)) or it is METADATA else _NOTHING


def _is_ours(it: Any) -> bool:
    return str(getattr(it, "__module__", "")).startswith("citywide.")


def _kind(it: Any) -> type:
    return it if isinstance(it, type) else type(it)


def _all(found: Iterable[_Things]) -> _Things:
    return _NOTHING.union(*found)


def _made_of(things: _Things) -> _Things:
    """What comes of a call with these: something of each table among them."""
    return frozenset(map(_Of, _tables(things)))


def _tables(things: _Things) -> set[Table]:
    tables = {each.it for each in things if isinstance(each, _Thing) and isinstance(each.it, Table)}
    return tables | {each.table for each in things if isinstance(each, _Of)}


@cache
def _source(function: FunctionType) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


@cache
def _nonlocals(function: FunctionType) -> Mapping[str, Any]:
    return inspect.getclosurevars(function).nonlocals


@cache
def _locals(function: FunctionType) -> Mapping[str, list[ast.expr]]:
    """The expressions that each local name of a function may stand for."""
    found: dict[str, list[ast.expr]] = {}
    nodes = [*ast.walk(_source(function))]
    inner = {node.name: node.args for node in nodes if isinstance(node, _FUNCTIONS)}
    for node in nodes:
        for target, value in _bound(node):
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    found.setdefault(name.id, []).append(value)
                elif isinstance(name, ast.MatchAs | ast.MatchStar) and name.name:
                    found.setdefault(name.name, []).append(value)
        match node:
            case ast.Call(func=ast.Name(id=called)) if called in inner:
                places = (each.arg for each in (*inner[called].posonlyargs, *inner[called].args))
                named = ((each.arg, each.value) for each in node.keywords if each.arg)
                for parameter, value in (*zip(places, node.args, strict=False), *named):
                    found.setdefault(parameter, []).append(value)
    return found


def _bound(node: ast.AST) -> Iterator[tuple[ast.AST, ast.expr]]:
    match node:
        case ast.Assign():
            yield from ((target, node.value) for target in node.targets)
        case ast.AnnAssign(value=ast.expr()) | ast.AugAssign() | ast.NamedExpr():
            yield node.target, node.value  # type: ignore[misc]
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            yield node.target, node.iter
        case ast.withitem(optional_vars=ast.expr() as target):
            yield target, node.context_expr
        case ast.Match():
            yield from ((case.pattern, node.subject) for case in node.cases)


@cache
def _hints(of: Any) -> dict[str, _Things]:
    """The package's classes that the annotations of a function or class name."""
    try:
        hints = get_type_hints(of)
    except (NameError, TypeError):
        # Some names are there for the type checker alone.
        return {}
    return {name: frozenset(map(_Thing, _classes(hint))) for name, hint in hints.items()}


def _classes(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and _is_ours(hint):
        yield hint
    for part in get_args(hint):
        yield from _classes(part)


@dataclass(slots=True)
class Walk:
    """A way through the source; what a function does with certain arguments is found once."""

    _known: dict[tuple[FunctionType, frozenset[tuple[str, _Things]]], _Found] = field(
        default_factory=dict
    )

    def writes(self, function: Any) -> frozenset[Write]:
        """The verbs and tables of all that a call of `function` may write."""
        return self.follow(function, {}).writes

    def follow(self, function: FunctionType, given: Mapping[str, _Things]) -> _Found:
        parameters = inspect.signature(function).parameters
        bound = {
            name: given.get(name) or _hints(function).get(name, _NOTHING) for name in parameters
        }
        key = function, frozenset(bound.items())
        if key not in self._known:
            # A function that calls itself adds nothing to what it does the first time.
            self._known[key] = _Found(frozenset(), _NOTHING)
            self._known[key] = _Body(self, function, bound).read()
        return self._known[key]


@dataclass(slots=True)
class _Body:
    """The source of one function, with what its parameters stand for."""

    walk: Walk
    function: FunctionType
    bound: Mapping[str, _Things]
    writes: set[Write] = field(default_factory=set)
    seen: dict[ast.AST | str, _Things] = field(default_factory=dict)

    def read(self) -> _Found:
        gives = _NOTHING
        for node in ast.walk(_source(self.function)):
            if isinstance(node, ast.Call):
                self._value(node)
            elif isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                gives |= self._value(node.value)
        gives = gives or _hints(self.function).get("return", _NOTHING)
        return _Found(frozenset(self.writes), gives)

    def _value(self, node: ast.AST) -> _Things:
        """What an expression may stand for."""
        if node not in self.seen:
            self.seen[node] = _NOTHING
            self.seen[node] = self._read(node)
        return self.seen[node]

    def _read(self, node: ast.AST) -> _Things:
        match node:
            case ast.Name():
                return self._name(node.id)
            case ast.Attribute():
                return _all(self._attribute(each, node.attr) for each in self._value(node.value))
            case ast.Call(func=ast.Name(id="super")):
                return self._above()
            case ast.Call():
                return self._call(node)
            case ast.Constant(value=str()):
                return _things(node.value)
            case ast.Subscript():
                return self._item(node)
            case ast.Lambda() | ast.Compare():
                return _NOTHING
            case _:
                return _all(map(self._value, ast.iter_child_nodes(node)))

    def _name(self, name: str) -> _Things:
        if name in self.seen:
            return self.seen[name]
        self.seen[name] = self.bound.get(name, _NOTHING)
        values = _locals(self.function).get(name, ())
        if name in self.bound or values:
            # One after the other: a name may be said again by what it stood for before.
            for value in values:
                self.seen[name] |= self._value(value)
        else:
            held = _nonlocals(self.function)
            self.seen[name] = _things(held.get(name, self.function.__globals__.get(name)))
        return self.seen[name]

    def _above(self) -> _Things:
        """The class above that of the method's receiver, whose instance it is as well."""
        kinds = (_kind(each.it) for each in self._name("self") if isinstance(each, _Thing))
        return frozenset(_Thing(kind.__mro__[1]) for kind in kinds)

    def _item(self, node: ast.Subscript) -> _Things:
        things = self._value(node.value)
        if _Thing(METADATA.tables) not in things:
            return things
        names = (each.it for each in self._value(node.slice) if isinstance(each, _Thing))
        return _all(_things(METADATA.tables[name]) for name in names if name in METADATA.tables)

    def _attribute(self, thing: _Thing | _Of | _Method, name: str) -> _Things:
        if isinstance(thing, _Of):
            return frozenset({thing})
        it = thing.it if isinstance(thing, _Thing) else None
        if isinstance(it, Table):
            return frozenset({_Of(it)})
        if isinstance(it, ModuleType) or it is METADATA:
            return _things(getattr(it, name, None))
        if not isinstance(thing, _Thing) or not (_is_ours(it) or _is_ours(type(it))):
            return _NOTHING
        kind = _kind(it)
        found = inspect.getattr_static(kind, name, None)
        if isinstance(found, property):
            return self._follow(found.fget, [frozenset({thing})], {})
        found = inspect.unwrap(getattr(found, "__func__", found))
        if isinstance(found, FunctionType):
            is_static = isinstance(inspect.getattr_static(kind, name), staticmethod)
            return _things(found) if is_static else frozenset({_Method(found, thing)})
        held = _things(found if isinstance(it, type) else getattr(it, name, None))
        return held or _hints(kind).get(name, _NOTHING)

    def _call(self, node: ast.Call) -> _Things:
        given = [self._value(each) for each in node.args]
        named = {each.arg: self._value(each.value) for each in node.keywords if each.arg}
        others = _all([*given, *named.values()])
        callees = self._value(node.func)
        if isinstance(node.func, ast.Attribute):
            receiver = self._value(node.func.value)
            self._method_of_a_table(node.func.attr, receiver)
            others |= _made_of(receiver)
        gives, is_followed = _NOTHING, False
        for callee in callees:
            function = callee.it if isinstance(callee, _Thing) else None
            if isinstance(callee, _Method):
                receiver = frozenset({callee.receiver})
                gives |= self._follow(callee.function, [receiver, *given], named)
            elif isinstance(function, FunctionType) and _is_ours(function):
                gives |= self._follow(function, given, named)
            elif isinstance(function, type) and _is_ours(function):
                gives |= frozenset({callee}) | _made_of(others)
            elif getattr(function, "__name__", "") in (INSERT, UPDATE):
                self._write(function.__name__, given[0] if given else named.get("table", _NOTHING))
                continue
            else:
                continue
            is_followed = True
        if is_followed:
            return gives
        for each in others:
            # Handed to something that is not the package's, which may call it.
            if isinstance(each, _Thing) and isinstance(each.it, FunctionType) and _is_ours(each.it):
                self._follow(each.it, [], {})
        return _made_of(others)

    def _method_of_a_table(self, name: str, receiver: _Things) -> None:
        """`TABLE.insert()`, and the second half of an upsert."""
        if name == _UPSERT:
            self._write(UPDATE, receiver)
        elif name in (INSERT, UPDATE):
            named = frozenset(each for each in receiver if isinstance(each, _Thing))
            if _tables(named):
                self._write(name, named)

    def _write(self, verb: str, things: _Things) -> None:
        # A table that is among them says it better than what came of one.
        named = frozenset(each for each in things if isinstance(each, _Thing))
        tables = _tables(named) or _tables(things)
        self.writes |= {(verb, table.name) for table in tables} or {(verb, UNTOLD)}

    def _follow(self, function: Any, given: list[_Things], named: Mapping[str, _Things]) -> _Things:
        parameters = list(inspect.signature(function).parameters)
        found = self.walk.follow(function, {**dict(zip(parameters, given, strict=False)), **named})
        self.writes |= found.writes
        return found.gives
