"""Charts: Vega-Lite specifications drawn to SVG, whose text stays text for the page to set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from citywide.reports.content import Bars, Kind, Section

# Of a page's width; the height follows from it.
WIDTH = 520
HEIGHT = 180
# More groups than this cannot be told apart on a page: the table has them all.
GROUPS = 24


def drawn(section: Section, bars: Bars, *, fonts: Path, family: str) -> str:
    """The chart as SVG, set in `family`, which is one of the fonts below `fonts`."""
    # Loading takes a second and 80 MB: only who draws does so.
    import vl_convert  # noqa: PLC0415

    vl_convert.register_font_directory(str(fonts))
    svg: str = vl_convert.vegalite_to_svg(specification(section, bars, family), vl_version="5.20")
    return svg


def specification(section: Section, bars: Bars, family: str) -> dict[str, object]:
    """The Vega-Lite specification; withheld figures have no bar."""
    rows = section.rows[: min(bars.groups, GROUPS)]
    headings = [section.columns[place].heading for place in bars.columns]
    values = [
        {"group": str(row[0]), "bar": heading, "value": _height(row, place, section)}
        for row in rows
        for place, heading in zip(bars.columns, headings, strict=True)
        if row[place] is not None
    ]
    order = list(dict.fromkeys(str(row[0]) for row in rows))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "title": {"text": bars.title, "anchor": "start", "fontSize": 13},
        "data": {"values": values},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "group",
                "type": "nominal",
                "sort": order,
                "axis": {"title": None, "labelAngle": 0 if _is_short(order) else -40},
            },
            "xOffset": {"field": "bar", "sort": headings},
            "y": {"field": "value", "type": "quantitative", "axis": {"title": bars.unit}},
            "color": {
                "field": "bar",
                "type": "nominal",
                "sort": headings,
                "legend": {"title": None, "orient": "bottom"} if len(headings) > 1 else None,
            },
        },
        "config": {"font": family, "background": "white", "view": {"stroke": None}},
    }


def _height(row: Sequence[object], place: int, section: Section) -> float:
    cell = row[place]
    assert isinstance(cell, int | float)
    return cell / 100 if section.columns[place].kind is Kind.MONEY else cell


def _is_short(labels: Sequence[str]) -> bool:
    return sum(map(len, labels)) <= WIDTH // 14
