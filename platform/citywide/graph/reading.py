"""Reading documents: graphql-core's parser, which gives way at every token."""

from __future__ import annotations

from graphql import DocumentNode, Source
from graphql.language.parser import Parser

from citywide.graph.slices import give_way


class _Parser(Parser):
    def advance_lexer(self) -> None:
        """See `Parser`."""
        give_way()
        super().advance_lexer()


def parsed(source: Source, *, has_locations: bool = True) -> DocumentNode:
    """The document; raises `GraphQLSyntaxError`. Bounded before: the parser calls itself."""
    return _Parser(source, no_location=not has_locations).parse_document()
