"""Pages that the declarations make: courses as diagrams, words with their labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from citywide.rules.course import Course
from citywide.rules.words import Words


def courses_page(courses: Iterable[type[Course]]) -> str:
    """A section a course: what it is, its stages as a diagram, and what they allow (Markdown)."""
    return "\n".join(
        [
            "# Courses",
            "",
            "What has stages, and the steps between them. Printed from the code by",
            "`citywide schema pages --write`.",
            *(line for course in courses for line in _course(course)),
            "",
        ]
    )


def _course(course: type[Course]) -> Iterator[str]:
    yield from ("", f"## {course.noun.removeprefix('The ').capitalize()}", "")
    yield from ((course.__doc__ or "").strip(), "", "```mermaid", course.diagram(), "```")
    makers = [step for step in course.steps() if step.not_by]
    if makers or course.permissions():
        yield ""
    for step in makers:
        yield f"- *{step.name}*: not by whoever is in {' or '.join(f'`{c}`' for c in step.not_by)}"
    for allowed in course.permissions():
        yield f"- *{allowed.name}*: only while {', '.join(allowed.sources)}"


def words_page(sets: Iterable[type[Words]]) -> str:
    """A table a closed set of words: the word, its English and its Chinese label (Markdown)."""
    return "\n".join(
        [
            "# Words",
            "",
            "Every closed set of words, with the labels that a frontend shows. Printed from the",
            "code by `citywide schema pages --write`.",
            *(line for words in sets for line in _words(words)),
            "",
        ]
    )


def _words(words: type[Words]) -> Iterator[str]:
    yield from ("", f"## {words.__name__}", "", (words.__doc__ or "").split("\n\n")[0].strip(), "")
    yield from ("| word | English | 中文 |", "|---|---|---|")
    yield from (f"| `{word.name}` | {word.en} | {word.zh} |" for word in words)
