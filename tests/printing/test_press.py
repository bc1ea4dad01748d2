"""A page is made with its fonts inside, and what people wrote is text on it, nothing else."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pypdf import PdfReader

from citywide.errors import Code, OperatorError, RefusalError
from citywide.printing.press import PAGE_BYTES, Press
from citywide.settings import Settings

TEMPLATE = """
#set text(font: json(bytes(sys.inputs.fonts)))
#json(bytes(sys.inputs.page)).text
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "page.typ"
    file.write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "secret.txt").write_text("a secret beside the template", encoding="utf-8")
    return file


@pytest.fixture
def press() -> Press:
    return Press(Settings().fonts)


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


async def test_chinese_is_there_to_read_and_its_font_is_inside(
    press: Press, template: Path
) -> None:
    pdf = await press.pdf(template, {"text": "抚恤补助何时发放？"})
    assert "抚恤补助何时发放" in text_of(pdf)
    [page] = PdfReader(io.BytesIO(pdf)).pages
    fonts = page["/Resources"]["/Font"].values()  # type: ignore[index]
    descriptors = [
        font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        for font in fonts
    ]
    assert descriptors
    assert all("/FontFile3" in each or "/FontFile2" in each for each in descriptors)


async def test_markup_in_a_text_is_text(press: Press, template: Path) -> None:
    written = '#panic("no") #read("secret.txt") *bold* $x^2$ [block] @label <label> \\ // end'
    printed = text_of(await press.pdf(template, {"text": written}))
    assert "".join(printed.split()) == "".join(written.split())


async def test_a_page_of_more_than_its_bound_is_refused(press: Press, template: Path) -> None:
    with pytest.raises(RefusalError) as caught:
        await press.pdf(template, {"text": "字" * (PAGE_BYTES // 3)})
    assert caught.value.code is Code.LIMIT_EXCEEDED


async def test_without_a_chinese_font_the_operator_is_told(tmp_path: Path, template: Path) -> None:
    with pytest.raises(OperatorError, match="CITYWIDE_FONTS"):
        await Press(tmp_path).pdf(template, {"text": "字"})
