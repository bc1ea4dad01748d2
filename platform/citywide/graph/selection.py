"""What an operation selects: fragments spread, directives applied, equal response keys merged.

This is CollectFields of the GraphQL specification (October 2021, §6.3.2) over symbolic variables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLDirective,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values


@dataclass(slots=True)
class Group:
    """The field nodes that share a response key in one selection set, merged."""

    key: str
    name: str
    nodes: list[FieldNode] = field(default_factory=list)
    # Asked for on this very type, not through an interface or union.
    is_explicit: bool = False

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
            self._collect(type_name, selection, groups, set(), is_explicit=True)
        return list(groups.values())

    def children(self, group: Group, type_name: str) -> list[Group]:
        """The selected fields of the object type that a field leads to."""
        return self.collect(type_name, group.selections)

    def is_named(self, group: Group, type_name: str) -> bool:
        """Whether an abstract field's selection asks for this type by name."""
        groups: dict[str, Group] = {}
        for selection in group.selections:
            self._collect(type_name, selection, groups, set(), is_explicit=False)
        return any(each.is_explicit for each in groups.values())

    def _collect(
        self,
        type_name: str,
        selections: SelectionSetNode,
        groups: dict[str, Group],
        visited: set[str],
        *,
        is_explicit: bool,
    ) -> None:
        for node in selections.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                key = (node.alias or node.name).value
                group = groups.setdefault(key, Group(key, node.name.value))
                group.nodes.append(node)
                group.is_explicit |= is_explicit
                continue
            fragment = self._fragment(node, visited)
            if fragment is None:
                continue
            named = fragment.type_condition
            condition = None if named is None else named.name.value
            if condition is None or self._applies(condition, type_name):
                explicit = is_explicit if condition is None else condition == type_name
                inner = fragment.selection_set
                self._collect(type_name, inner, groups, visited, is_explicit=explicit)

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
            values = get_directive_values(directive, node, self.variables)
            return None if values is None else values["if"]

        return argument(GraphQLSkipDirective) is not True and (
            argument(GraphQLIncludeDirective) is not False
        )

    def _applies(self, condition: str, type_name: str) -> bool:
        if condition == type_name:
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
        return get_argument_values(parent.fields[group.name], group.nodes[0], self.variables)
