"""A plan looked at before it runs: quoted live under other wishes, changed, and run as it is shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.service import Client
from tests.e2e.slow import register_slow_add

TEXT = "The tide rises twice a day. Boats wait for it. Children build castles. Gulls follow the boats home."
SUMS = {
    "subtasks": [
        {"id": "a", "goal": "Add two", "tool": "slow_add", "arguments": {"x": 1, "y": 2}},
        {"id": "b", "goal": "Add ten", "tool": "slow_add", "arguments": {"x": {"ref": "a.sum"}, "y": 10}},
    ]
}


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
    only = page.get_by_role("combobox", name="Use only")
    only.fill("no_such_tool")
    only.press("Enter")
    expect(only).to_have_accessible_description(re.compile("no tool named 'no_such_tool'"))
    page.get_by_role("button", name="Use only: remove no_such_tool").click()
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


def card(page: Page, subtask: str) -> Locator:
    return page.locator(f"[data-subtask={subtask}]")


def test_a_plan_is_edited_and_runs_as_edited(page: Page, client: Client, faults):
    register_slow_add(client)
    page.goto(f"/plans/{client.post('/v1/plans', {'plan': SUMS}, status=201)['plan']['id']}")
    a, b, c = card(page, "a"), card(page, "b"), card(page, "c")
    a.get_by_role("button", name="Change").press("Enter")
    a.get_by_label("What is to be done").fill("Add forty")
    a.get_by_label("y", exact=True).fill("many")
    a.get_by_role("button", name="Change it").click()
    expect(a.get_by_text("This is of type number.")).to_be_visible()
    assert faults(page) == []
    a.get_by_label("y", exact=True).fill("40")
    a.get_by_label("y", exact=True).press("Enter")
    expect(a.get_by_role("heading")).to_have_text("1. Add forty")

    b.get_by_role("button", name="Add after").click()
    b.get_by_label("Id").fill("c")
    b.get_by_role("combobox", name="Tool").fill("slow_add")
    b.get_by_label("x (needed): where from").or_(b.get_by_label("x: where from")).select_option("result")
    b.get_by_label("x (needed)", exact=True).fill("b.sum")
    b.get_by_role("button", name="Add it").click()
    expect(c).to_contain_text("After b")
    c.get_by_role("button", name="Up").click()
    expect(c.get_by_role("alert")).to_contain_text("needs 'b'")
    a.get_by_role("button", name="Remove").click()
    expect(a.get_by_role("alert")).to_contain_text("uses its output")

    b.get_by_role("button", name="Split").click()
    last = b.get_by_role("group", name="what others use")
    last.get_by_role("combobox", name="Tool").fill("slow_add")
    last.get_by_label("x: where from").select_option("result")
    last.get_by_label("x (needed)", exact=True).fill("b_1.sum")
    last.get_by_role("button", name="y").click()
    last.get_by_label("y", exact=True).fill("100")
    b.get_by_role("button", name="Split it").click()
    expect(card(page, "b_1")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(card(page, "b_1")).to_be_hidden()
    page.go_back()
    page.get_by_role("button", name="Run this plan").click()
    expect(page.locator("header").get_by_text("Succeeded")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("region", name="Result")).to_contain_text("151")
    assert page.get_by_role("list", name="Steps").get_by_role("listitem").count() == 4


@pytest.mark.parametrize(("mode", "go"), [("approve", "Approve this plan"), ("plan", "Run this plan")])
def test_the_plan_of_a_waiting_run_is_changed_on_a_phone(page: Page, client: Client, faults, mode, go):
    register_slow_add(client)
    page.set_viewport_size({"width": 390, "height": 844})
    run = client.post("/v1/runs", {"plan": SUMS, "mode": mode}, status=202)["id"]
    client.wait(run)
    page.goto(f"/runs/{run}")
    page.get_by_role("link", name="Change the plan").click()
    card(page, "b").get_by_role("button", name="Remove").click()
    expect(card(page, "b")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(page) == []
    page.get_by_role("button", name=go).click()
    expect(page).to_have_url(re.compile(rf"/runs/{run}$"))
    expect(page.locator("header").get_by_text("Succeeded")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("region", name="Result")).to_contain_text("3")
