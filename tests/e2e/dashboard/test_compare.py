"""Two runs, and a run and its quote, set against one another on a page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.service import Client
from tests.e2e.slow import register_slow_add


def test_two_runs_are_compared_from_the_page_of_one(page: Page, client: Client, faults):
    register_slow_add(client)

    def chain(y: int, *more: dict[str, Any]) -> dict[str, Any]:
        first = {"id": "first", "goal": "Add", "tool": "slow_add", "arguments": {"x": 1, "y": y}}
        return {"subtasks": [first, *more]}

    last = {"id": "last", "goal": "Add", "tool": "slow_add", "arguments": {"x": {"ref": "first.sum"}}}
    one, other = (
        client.post("/v1/runs", {"plan": plan}, status=202)["id"] for plan in (chain(2, last), chain(5, last))
    )
    for run in (one, other):
        client.wait(run)
    page.goto(f"/runs/{one}")
    page.get_by_role("main").get_by_role("link", name="Compare").click()
    quoted = page.get_by_role("article", name="Sub-task first")
    expect(quoted).to_contain_text("slow_add")
    expect(page.get_by_role("region", name="Figures")).to_contain_text("Quoted")
    assert faults(page) == []
    page.get_by_label("With").select_option(other)
    subtask = page.get_by_role("article", name="Sub-task first")
    subtask.get_by_text("How the calls differ").click()
    expect(subtask.locator("del")).to_contain_text('"y": 2')
    expect(subtask.locator("ins")).to_contain_text('"y": 5')
    output = page.get_by_role("article", name="Output last.sum")
    expect(output.locator("del")).to_contain_text("3")
    expect(output.locator("ins")).to_contain_text("6")
    assert faults(page) == []
    page.get_by_role("button", name="Swap").click()
    expect(output.locator("del")).to_contain_text("6")
