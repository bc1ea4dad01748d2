"""Which documents come in: bounded before they are parsed, measured before they are validated.

Each step is linear in the document. The lexer alone counts tokens and nesting, so that a parser
that calls itself cannot run out of stack. Selections are then measured with every fragment's
figures kept, so that fragments which double each other cost no more than their text. Validation
alone is not linear: it compares every two fields of one name that stand side by side, so these
are counted and bounded before it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    TypeInfo,
    ValidationContext,
    is_non_null_type,
    specified_rules,
    type_from_ast,
    validate,
)
from graphql.language import Lexer

from citywide.errors import Code, RefusalError
from citywide.graph.kept import Kept, text_bytes
from citywide.graph.reading import parsed
from citywide.graph.schema import Schema
from citywide.graph.slices import give_way

# The largest operation of a real page is below 700 tokens, a generated one several times that.
TOKENS = 4_000
# Brackets of any kind inside each other, in a document with its fragments or in its variables:
# whatever walks them needs a few Python frames for each.
NESTING = 50
# Fields inside each other after fragments are spread; an introspection query needs 16.
DEPTH = 18
# Fields of an operation after fragments are spread, aliases counted one by one.
FIELDS = 1_000
# Fields of one name and place, each with each; a page that composes fragments has some hundreds.
COMPARISONS = 20_000
# Selections of one name side by side, each with each; a page made of fragments has some hundreds.
PAIRS = 20_000
# Errors told about one document: enough to mend it, too few to fill a log.
ERRORS = 5
# An error's sentence quotes the caller's own names; this much of it is enough to find the place.
MESSAGE_LENGTH = 300
# Documents kept, refused ones as well: a frontend has some hundred operations of fifty kilobytes.
DOCUMENTS_BYTES = 24_000_000
# What a token becomes in a parsed document; measured between 120 and 170, the types beside it.
TOKEN_BYTES = 200

_OPENING = {TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L}
_CLOSING = {TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R}


class InvalidDocumentError(Exception):
    """The document cannot be executed; `errors` say where and why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Admitted:
    """One operation of a document, validated, with the types of its variables.

    `needed` are the variables that stand somewhere where null may not, whatever their types allow.
    """

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variable_types: Mapping[str, Any]
    needed: frozenset[str]
    text: str
    name: str


_Found = Mapping[str, Admitted] | InvalidDocumentError | RefusalError


class Admission:
    """Parses, measures and validates documents, and remembers what came of each."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema.graphql
        self._documents: Kept[_Found] = Kept(DOCUMENTS_BYTES)

    def knows(self, text: str) -> bool:
        """Whether this document was read before, so that admitting it takes no time."""
        return self._documents.get(text) is not None

    def admit(self, text: str, operation_name: str | None, tenant: Hashable = None) -> Admitted:
        """The operation to run; what is read is kept for the tenant that asks.

        Raises `InvalidDocumentError` for syntax and validation errors, `RefusalError` for one
        over a limit or an operation that is not there.
        """
        found = self._documents.get(text)
        if found is None:
            found = self._kept(text, tenant)
        match found:
            case InvalidDocumentError(errors=errors):
                raise InvalidDocumentError(errors)
            case RefusalError():
                raise found.again()
            case _:
                return _chosen(found, operation_name)

    def _kept(self, text: str, tenant: Hashable) -> _Found:
        """What the document comes to; refusing it again must not cost reading it again."""
        source = Source(text)
        tokens = 0
        found: _Found
        try:
            tokens = _scan(source)
            found = self._read(source)
        except GraphQLSyntaxError as error:
            found = InvalidDocumentError([_shortened(error)])
        except (InvalidDocumentError, RefusalError) as error:
            error.__traceback__ = None
            found = error
        size = text_bytes(text) + (TOKEN_BYTES * tokens if isinstance(found, Mapping) else 0)
        self._documents.put(tenant, text, found, size)
        return found

    def _read(self, source: Source) -> Mapping[str, Admitted]:
        # Without locations, which are three quarters of a document's size.
        document = parsed(source, has_locations=False)
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        _measure(document, fragments)
        if errors_in(self._schema, document):
            # They say where: read it once more, to know.
            raise_for(errors_in(self._schema, parsed(source)))
        found = operations(self._schema, document, fragments, source.body)
        if not found:
            message = "The document has no operation to run."
            raise RefusalError(Code.BAD_USER_INPUT, message)
        return found


def errors_in(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """What is wrong with a document over `schema`, the first few."""
    return validate(schema, document, _RULES, max_errors=ERRORS, hide_suggestions=True)


def raise_for(errors: Sequence[GraphQLError]) -> None:
    """Refuse a document that has errors; raises `InvalidDocumentError`."""
    if errors:
        raise InvalidDocumentError([_shortened(error) for error in errors])


def operations(
    schema: GraphQLSchema,
    document: DocumentNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    text: str,
) -> Mapping[str, Admitted]:
    """The operations of a valid document by name."""
    found = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            name = node.name.value if node.name else ""
            types, needed = _types(schema, node), _needed(schema, document, node)
            found[name] = Admitted(node, fragments, types, needed, text, name)
    return found


def _types(schema: GraphQLSchema, operation: OperationDefinitionNode) -> Mapping[str, Any]:
    return {
        definition.variable.name.value: type_from_ast(schema, definition.type)
        for definition in operation.variable_definitions or ()
    }


def _needed(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> frozenset[str]:
    if not operation.variable_definitions:
        return frozenset()
    context = ValidationContext(schema, document, TypeInfo(schema), _valid)
    return frozenset(
        usage.node.name.value
        for usage in context.get_recursive_variable_usages(operation)
        if is_non_null_type(usage.type)
    )


def _chosen(operations: Mapping[str, Admitted], name: str | None) -> Admitted:
    """The operation of this name; of a single one the name may be left out."""
    if name is None:
        if len(operations) == 1:
            return next(iter(operations.values()))
        message = "The document has several operations: name one in operationName."
        raise RefusalError(Code.BAD_USER_INPUT, message)
    found = operations.get(name)
    if found is None:
        message = f"The document has no operation {name[:60]!r}."
        raise RefusalError(Code.BAD_USER_INPUT, message)
    return found


def _valid(error: GraphQLError) -> None:
    raise AssertionError(error)


class _GivingWay(ASTValidationRule):
    """No rule: at every node it lets others go on."""

    def enter(self, *_: Any) -> None:
        """See `graphql.Visitor`."""
        give_way()


_RULES = [*specified_rules, _GivingWay]


def bound_variables(variables: Mapping[str, Any]) -> None:
    """Refuse values that nest deeper than a document may, one level after the other."""
    depth, level = 0, list(variables.values())
    while level := [inner for each in level for inner in _inside(each)]:
        depth += 1
        if depth > NESTING:
            message = f"The variables nest more than {NESTING} levels deep."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)


def _inside(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def is_query(admitted: Admitted) -> bool:
    """Whether the operation only reads."""
    return admitted.operation.operation is OperationType.QUERY


def _scan(source: Source) -> int:
    """Count tokens and nesting with the lexer alone; the number of tokens."""
    lexer = Lexer(source)
    tokens = depth = 0
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        give_way()
        tokens += 1
        if token.kind in _OPENING:
            depth += 1
        elif token.kind in _CLOSING:
            depth -= 1
        if tokens > TOKENS:
            message = f"The document has more than {TOKENS} tokens; split it or use variables."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        if depth > NESTING:
            message = f"The document nests brackets more than {NESTING} deep."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
    return tokens


@dataclass(frozen=True, slots=True)
class Size:
    """How deep a selection is and how many fields it has, fragments spread.

    `levels` are selections inside each other, those of fragments included.
    """

    depth: int
    fields: int
    levels: int


class Measurement:
    """Measures selections, each fragment once; counts saturate just beyond the limit."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, Size] = {}

    def size(self, selections: SelectionSetNode, outside: int = 0) -> Size:
        """The size of a selection set that lies inside so many others."""
        depth = fields = levels = 0
        # Before anything is walked that lies deeper, and again for what was known already.
        _bound_levels(outside + 1)
        for node in selections.selections:
            found = self._node(node, outside + 1)
            depth = max(depth, found.depth)
            levels = max(levels, found.levels)
            # Doubling fragments reach astronomical numbers, not long ones.
            fields = min(fields + found.fields, FIELDS + 1)
        _bound_levels(levels + 1)
        return Size(depth, fields, levels + 1)

    def _node(self, node: SelectionNode, outside: int) -> Size:
        give_way()
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value, outside)
        inner: SelectionSetNode | None = getattr(node, "selection_set", None)
        found = self.size(inner, outside) if inner else Size(0, 0, 0)
        if isinstance(node, FieldNode):
            return Size(found.depth + 1, found.fields + 1, found.levels)
        return found

    def _fragment(self, name: str, outside: int) -> Size:
        if name not in self._known:
            # A fragment inside itself counts nothing here; validation refuses it.
            self._known[name] = Size(0, 0, 0)
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._known[name] = self.size(fragment.selection_set, outside)
        return self._known[name]


def _bound_levels(levels: int) -> None:
    if levels > NESTING:
        message = f"The document nests fragments and fields more than {NESTING} deep."
        raise RefusalError(Code.LIMIT_EXCEEDED, message)


class Repetition:
    """Counts the pairs of selections that validation will compare, and stops at the limit.

    Those are the pairs of one name that stand side by side once fragments are spread and equal
    names are merged. Validation alone is not linear: hundreds of equal fields take it a second.
    """

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._pairs = 0

    def count(self, selections: Sequence[SelectionSetNode], depth: int = 0) -> None:
        """Count the pairs of the merged `selections` and of all that lies below."""
        beside: dict[str, list[SelectionSetNode | None]] = {}
        for each in selections:
            give_way()
            self._collect(each, beside, set())
        self._pairs += sum(len(found) ** 2 for found in beside.values())
        if self._pairs > PAIRS:
            message = "The document repeats the same selections too often; leave repetitions out."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        # Only a fragment inside itself goes deeper; validation refuses it.
        if depth < DEPTH:
            for found in beside.values():
                self.count([each for each in found if each is not None], depth + 1)

    def _collect(
        self,
        selections: SelectionSetNode,
        beside: dict[str, list[SelectionSetNode | None]],
        spread: set[str],
    ) -> None:
        for node in selections.selections:
            match node:
                case FieldNode():
                    key = (node.alias or node.name).value
                    beside.setdefault(key, []).append(node.selection_set)
                case InlineFragmentNode():
                    self._collect(node.selection_set, beside, spread)
                case FragmentSpreadNode():
                    # Fragments are compared with each other as well.
                    beside.setdefault("...", []).append(None)
                    name = node.name.value
                    if name not in spread and name in self._fragments:
                        spread.add(name)
                        self._collect(self._fragments[name].selection_set, beside, spread)


def _measure(document: DocumentNode, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
    """Refuse what is too deep, too wide or too repetitive once its fragments are spread."""
    measurement, repetition = Measurement(fragments), Repetition(fragments)
    defined = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    for node in defined:
        found = measurement.size(node.selection_set)
        if found.depth > DEPTH:
            message = f"An operation may be {DEPTH} fields deep, not {found.depth}."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        if found.fields > FIELDS:
            message = f"An operation may select {FIELDS} fields and aliases, not more."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
    for node in defined:
        repetition.count([node.selection_set])


def _shortened(error: GraphQLError) -> GraphQLError:
    """The error without the document that it is about, which would be kept with it."""
    message = error.message
    if len(message) > MESSAGE_LENGTH:
        message = message[:MESSAGE_LENGTH] + "…"
    return GraphQLError(message, source=error.source, positions=error.positions)
