"""An operation, its SQL and its result side by side, so that a review sees the SQL change."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
# Each of these begins a line of its own, as deep as its parentheses.
_BREAKS = re.compile(
    r"(\(SELECT\b|\b(?:SELECT|FROM|LEFT OUTER JOIN|JOIN|WHERE|GROUP BY|ORDER BY|LIMIT|UNION ALL"
    r"|AND|OR)\b|'\w+' : |[()])"
)
_WIDTH = 100
_USER = re.compile(r"# As (?P<user>[\w.]+): ")


@dataclass(frozen=True, slots=True)
class Golden:
    """The three files of one operation."""

    name: str

    @property
    def document(self) -> str:
        return self.file("graphql").read_text(encoding="utf-8")

    @property
    def user(self) -> str:
        """Who asks: the document's first line says it."""
        found = _USER.match(self.document)
        assert found is not None, f"{self.name} does not begin with `# As <user>: `."
        return found["user"]

    def file(self, suffix: str) -> Path:
        return FOLDER / f"{self.name}.{suffix}"

    def read(self, suffix: str) -> str:
        file = self.file(suffix)
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def write(self, suffix: str, text: str) -> None:
        self.file(suffix).write_text(text, encoding="utf-8", newline="\n")


def every_golden() -> list[Golden]:
    return [Golden(file.stem) for file in sorted(FOLDER.glob("*.graphql"))]


def pretty_json(answer: bytes) -> str:
    return json.dumps(json.loads(answer), ensure_ascii=False, indent=2) + "\n"


def pretty_sql(sql: str) -> str:
    """The statement over several lines; nothing but white space changes."""
    lines: list[str] = []
    depth = 0
    current = ""
    for part in _BREAKS.split(re.sub(r"\s+", " ", sql)):
        match part:
            case "(":
                current += part
                depth += 1
            case ")":
                current += part
                depth -= 1
            case _ if _BREAKS.fullmatch(part):
                lines += _wrapped(current)
                # A line that opens a sub-query stands where its parenthesis does.
                current = " " * (2 * depth) + part
                depth += part.startswith("(")
            case _:
                current += part
    return "\n".join([*lines, *_wrapped(current)]) + "\n"


def _wrapped(line: str) -> list[str]:
    """A long list of columns goes over several lines as well."""
    margin = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(
        line, _WIDTH, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
