"""What an operation selects: fragments spread, directives applied, equal response keys merged.

This is CollectFields of the GraphQL specification (October 2021, §6.3.2) over symbolic variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLDirective,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values

from citywide.errors import Code, RefusalError
from citywide.graph.slices import give_way


@dataclass(slots=True)
class Group:
    """The field nodes that share a response key in one selection set, merged."""

    key: str
    name: str
    nodes: list[FieldNode] = field(default_factory=list)

    @property
    def selections(self) -> list[SelectionSetNode]:
        """What is selected of the type that the field leads to."""
        return [node.selection_set for node in self.nodes if node.selection_set is not None]


@dataclass(frozen=True, slots=True)
class Selections:
    """Reads the selections of one operation."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def collect(self, type_name: str, selections: Sequence[SelectionSetNode]) -> list[Group]:
        """The selected fields of an object type, merged by response key, in order."""
        groups: dict[str, Group] = {}
        for selection in selections:
            self._collect(type_name, selection, groups, set())
        return list(groups.values())

    def children(self, group: Group, type_name: str) -> list[Group]:
        """The selected fields of the object type that a field leads to."""
        return self.collect(type_name, group.selections)

    def is_named(self, group: Group, type_name: str) -> bool:
        """Whether an abstract field's selection asks for something of this type by its name."""
        return any(self._asks(each, type_name, is_named=False) for each in group.selections)

    def _asks(self, selections: SelectionSetNode, type_name: str, *, is_named: bool) -> bool:
        """Whether a field is selected inside a fragment on the type, however deep inside it.

        A fragment is read wherever it is spread: what it asks for depends on what is around it.
        """
        for node in selections.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                if is_named:
                    return True
                continue
            fragment = self._fragment(node, set())
            if fragment is None or not self._applies(fragment, type_name):
                continue
            named = is_named or _condition(fragment) == type_name
            if self._asks(fragment.selection_set, type_name, is_named=named):
                return True
        return False

    def _collect(
        self,
        type_name: str,
        selections: SelectionSetNode,
        groups: dict[str, Group],
        visited: set[str],
    ) -> None:
        for node in selections.selections:
            give_way()
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                key = (node.alias or node.name).value
                groups.setdefault(key, Group(key, node.name.value)).nodes.append(node)
                continue
            fragment = self._fragment(node, visited)
            if fragment is not None and self._applies(fragment, type_name):
                self._collect(type_name, fragment.selection_set, groups, visited)

    def _fragment(
        self, node: SelectionNode, visited: set[str]
    ) -> FragmentDefinitionNode | InlineFragmentNode | None:
        if isinstance(node, InlineFragmentNode):
            return node
        assert isinstance(node, FragmentSpreadNode)
        name = node.name.value
        if name in visited:
            return None
        visited.add(name)
        return self.fragments[name]

    def _is_included(self, node: Any) -> bool:
        def argument(directive: GraphQLDirective) -> Any:
            with _required():
                values = get_directive_values(directive, node, self.variables)
            return None if values is None else values["if"]

        return argument(GraphQLSkipDirective) is not True and (
            argument(GraphQLIncludeDirective) is not False
        )

    def _applies(
        self, fragment: FragmentDefinitionNode | InlineFragmentNode, type_name: str
    ) -> bool:
        condition = _condition(fragment)
        if condition is None or condition == type_name:
            return True
        kinds = self.schema.type_map
        abstract, concrete = kinds[condition], kinds[type_name]
        return not isinstance(abstract, GraphQLObjectType) and self.schema.is_sub_type(
            abstract,  # type: ignore[arg-type]
            concrete,
        )

    def arguments(self, type_name: str, group: Group) -> Mapping[str, Any]:
        """The field's arguments, variables as references."""
        parent = self.schema.type_map[type_name]
        assert isinstance(parent, GraphQLObjectType)
        with _required():
            return get_argument_values(parent.fields[group.name], group.nodes[0], self.variables)


@contextmanager
def _required() -> Iterator[None]:
    """Refuse the null of a variable with a default where a value is required.

    The specification lets such a variable stand there (October 2021, §5.8.5), and the request give
    null for it: what neither the document nor the variables show alone.
    """
    try:
        yield
    except GraphQLError as error:
        raise RefusalError(Code.BAD_USER_INPUT, error.message) from None


def _condition(fragment: FragmentDefinitionNode | InlineFragmentNode) -> str | None:
    """The type that a fragment is on; None for one in place that names none."""
    return None if fragment.type_condition is None else fragment.type_condition.name.value
