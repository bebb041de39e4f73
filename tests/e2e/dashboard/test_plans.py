"""A plan looked at before it runs: quoted live under other wishes, changed, and run as it is shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

TEXT = "The tide rises twice a day. Boats wait for it. Children build castles. Gulls follow the boats home."


@pytest.fixture
def planned(page: Page) -> Page:
    """The page of a plan with two ways to do its one sub-task, asked for on the page itself."""
    page.goto("/new")
    page.get_by_label("What do you want done?").fill(f'Summarise the text "{TEXT}" in two sentences')
    page.get_by_label("Plan first").check()
    page.get_by_role("button", name="Plan first").click()
    expect(page).to_have_url(re.compile(r"/plans/plan_"), timeout=30_000)
    return page


def taken(page: Page) -> Locator:
    """The tool that does the only sub-task."""
    return page.locator("[data-subtask] [data-chosen]")


def test_the_quote_and_the_path_follow_the_slider_and_what_is_left_out(planned: Page, faults):
    page = planned
    quote, slider = page.get_by_role("status", name="Quote"), page.get_by_label("Quality or cost")
    front = page.get_by_role("img", name=re.compile("that no other one beats"))
    slider.press("Home")
    expect(page.get_by_text("the best there is: alpha 0.0")).to_be_visible()
    expect(front).to_have_accessible_name(re.compile(r"^2 paths"))
    best, best_quote = taken(page).inner_text(), quote.inner_text()
    slider.press("End")
    expect(taken(page)).not_to_have_text(best)
    expect(quote).not_to_have_text(best_quote, use_inner_text=True)
    cheap = taken(page).inner_text()
    assert faults(page) == []

    page.get_by_text("2 ways to do it").click()
    page.get_by_role("button", name=f"Leave out {cheap}").click()
    expect(taken(page)).to_have_text(best)
    expect(front).to_have_accessible_name(re.compile(r"^1 path "))
    page.get_by_label("Least quality").fill("0.99")
    expect(page.get_by_role("alert")).to_contain_text("quality")
    page.get_by_label("Least quality").fill("")
    page.get_by_role("button", name=f"Leave out {best}").click()
    expect(page.locator("[data-subtask]").get_by_role("alert")).to_contain_text("leaves out")
    assert faults(page) == []
    page.get_by_role("button", name=f"Leave out: remove {best}").click()
    expect(taken(page)).to_have_text(best)

    page.get_by_role("button", name="Run this plan").click()
    expect(page.locator("header").get_by_text("Succeeded")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("list", name="Steps")).to_contain_text(best)


def test_a_plan_is_made_anew_without_a_tool(planned: Page):
    page = planned
    before, tool = page.url, taken(page).inner_text()
    page.get_by_role("combobox", name="Leave out").fill(tool)
    page.get_by_role("combobox", name="Leave out").press("Enter")
    page.get_by_role("button", name="Plan anew").click()
    expect(page).not_to_have_url(before, timeout=30_000)
    expect(taken(page)).not_to_have_text(tool)
    expect(page.get_by_text("1 way to do it")).to_be_visible()
