"""The home page in a real browser: whole in itself, and a place to ask something."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from citywide.settings import CHECKOUT
from web.serving import Client, Token

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NARROW = 320


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The system's browser; a machine without one skips, except where the checks must be whole."""
    program = next((found for each in BROWSERS if (found := shutil.which(each))), None)
    if program is None:
        assert "CI" not in os.environ, "There is no browser: install chromium."
        pytest.skip("There is no browser.")
    # Chromium's own sandbox refuses to work for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        await browser.close()


class Opened:
    """A page, and what it asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser, address: str) -> AsyncIterator[Opened]:
    """The home page."""
    context = await browser.new_context(viewport={"width": 1_100, "height": 800})
    opened = Opened(await context.new_page())
    await opened.page.goto(f"{address}/")
    yield opened
    await context.close()


async def test_the_page_loads_nothing_from_outside_and_breaks_no_rule_of_its_own(
    opened: Opened, address: str
) -> None:
    await expect(opened.page.get_by_role("heading", level=1)).to_have_text("citywide")
    await opened.page.wait_for_load_state("networkidle")
    assert opened.requests == [f"{address}/"]
    assert opened.complaints == []


async def test_the_first_operation_is_answered_to_an_officer(
    opened: Opened, address: str, token: Token
) -> None:
    answer = await asked(opened, token("bureau.officer"), "Ask")
    data = json.loads(answer)["data"]
    assert data["viewer"]["roles"] == [{"role": "officer"}]
    assert data["viewer"]["name"] == "潘立行"
    assert sum(row["values"][0]["value"] for row in data["metrics"]["rows"]) == 96
    assert opened.requests == [f"{address}/", f"{address}/graphql"]
    assert opened.complaints == []


async def test_the_schema_is_shown_as_the_roles_see_it(opened: Opened, token: Token) -> None:
    seen = await asked(opened, token("bureau.analyst"), "Show the schema")
    assert "metrics(" in seen
    assert "type Beneficiary " not in seen
    assert opened.complaints == []


async def test_a_token_that_is_none_is_answered_with_the_reason(opened: Opened) -> None:
    answer = await asked(opened, "not-a-token", "Ask")
    (error,) = json.loads(answer)["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_page_may_call_nobody_else(opened: Opened, address: str) -> None:
    elsewhere = address.replace("127.0.0.1", "localhost")
    called = "url => fetch(url).then(() => 'answered', error => error.name)"
    assert await opened.page.evaluate(called, f"{elsewhere}/health") == "TypeError"
    assert any("Content Security Policy" in each for each in opened.complaints)
    assert opened.requests == [f"{address}/"]


async def test_a_narrow_screen_shows_all_of_it(opened: Opened, token: Token) -> None:
    await opened.page.set_viewport_size({"width": NARROW, "height": 640})
    await asked(opened, token("bureau.officer"), "Ask")
    width = await opened.page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW


@pytest.mark.parametrize("user", ["shouqianshou.worker1", "yixin.director", "supervisor.lead"])
async def test_the_first_operation_is_answered_to_other_members(client: Client, user: str) -> None:
    page = (await client.http.get("/")).text
    operation = page.partition('spellcheck="false">')[2].partition("</textarea>")[0]
    data: Any = await client.data(user, operation)
    assert data["viewer"]["subject"] == user
    assert data["metrics"]["rows"]


async def test_the_readmes_operation_is_answered(client: Client) -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    body = readme.partition("-d '")[2].partition("'")[0]
    data: Any = await client.data("bureau.officer", json.loads(body)["query"])
    assert sum(row["values"][1]["value"] for row in data["metrics"]["rows"]) == 142


async def asked(opened: Opened, token: str, button: str) -> str:
    """What the page shows when the button has been pressed."""
    await opened.page.get_by_label("Token").fill(token)
    await opened.page.get_by_role("button", name=button).click()
    answer = opened.page.locator("#answer")
    await expect(answer).not_to_have_text("")
    await expect(answer).not_to_have_text("…")
    return await answer.inner_text()
