"""The press: a Typst template of ours and a page's data become a PDF with its fonts inside.

What people wrote reaches the template as JSON in `sys.inputs.page` and is set as text; it is never
a part of the markup, so nothing in it is read as an instruction. Templates import no packages,
so that nothing is fetched while a page is made.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import typst

from citywide.errors import Code, OperatorError, RefusalError

# Families with the whole of Chinese, the preferred first; any of them will do.
FAMILIES = (
    "Noto Serif CJK SC",
    "Noto Sans CJK SC",
    "Source Han Serif SC",
    "Source Han Sans SC",
    "Noto Serif SC",
    "Noto Sans SC",
)
# A page of the longest texts that are kept has some 20 KiB; more is not a page.
PAGE_BYTES = 64 * 1024
# A page takes some tens of milliseconds. A thread cannot be stopped, so there are few of them, and
# whoever waits longer than this is told to come again.
PRESS_THREADS = 2
PRESS_SECONDS = 10.0


class Press:
    """Makes pages with the fonts of one folder, beside the event loop."""

    def __init__(self, fonts: Path, *, room: int = PAGE_BYTES) -> None:
        self.folder = fonts
        self._room = room
        self._threads = ThreadPoolExecutor(PRESS_THREADS, thread_name_prefix="press")

    async def pdf(self, template: Path, page: Mapping[str, Any]) -> bytes:
        """The page as PDF (A-2u: every font embedded, every character readable again).

        Raises `OperatorError` when there is no font with Chinese, and `RefusalError` for a page
        that is too large or not made in time.
        """
        given = json.dumps(page, ensure_ascii=False)
        if len(given.encode()) > self._room:
            message = f"A page holds {self._room // 1024} KiB of text, not more."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        work = asyncio.get_running_loop().run_in_executor(
            self._threads, self._made, template, given
        )
        try:
            return await asyncio.wait_for(work, PRESS_SECONDS)
        except TimeoutError:
            message = "The page was not made in time; try again in a moment."
            raise RefusalError(Code.TIMEOUT, message) from None

    def close(self) -> None:
        """Print nothing more; pages under way are let go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def families(self) -> list[str]:
        """Which of `FAMILIES` are there, the preferred first."""
        known = set(self._fonts.families())
        return [family for family in FAMILIES if family in known]

    @cached_property
    def _fonts(self) -> typst.Fonts:
        fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[self.folder]
        )
        if not set(FAMILIES) & set(fonts.families()):
            sentence = (
                f"There is no font to print Chinese with in {self.folder}: install one "
                "(Debian: fonts-noto-cjk) or name its folder in CITYWIDE_FONTS."
            )
            raise OperatorError(sentence)
        return fonts

    def _made(self, template: Path, given: str) -> bytes:
        compiler = typst.Compiler(
            template.read_bytes(),
            root=template.parent,
            font_paths=self._fonts,
            sys_inputs={"page": given, "fonts": json.dumps(self.families)},
        )
        made = compiler.compile(format="pdf", pdf_standards="a-2u")
        # A PDF is one file; only pictures come as a list of pages.
        assert isinstance(made, bytes)
        return made
