"""Runs from the page: started, watched, found again, retried; and the way in."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.e2e.service import Client, Service
from tests.e2e.slow import register_slow_add


def ask(page: Page, words: str, *, when: str = "Run at once") -> None:
    page.goto("/new")
    page.get_by_label("What do you want done?").fill(words)
    page.get_by_label(when).check()
    page.get_by_role("button", name=when).click()
    expect(page).to_have_url(re.compile(r"/runs/run_"))


def test_a_stranger_is_told_how_to_get_in(browser: Browser, service: Service, faults):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(service.url)
        expect(page.get_by_role("heading", name="You are not logged in")).to_be_visible()
        assert faults(page) == []


def test_a_run_started_from_the_page_is_watched_to_its_end(page: Page, faults):
    ask(page, "Calculate (17 + 4) * 2")
    expect(page.locator("header").get_by_text("Succeeded")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("region", name="Result")).to_contain_text("42")
    page.get_by_role("list", name="Steps").get_by_role("button").first.click()
    panel = page.get_by_role("complementary", name=re.compile("Step"))
    expect(panel.get_by_text("Attempts")).to_be_visible()
    panel.get_by_role("button", name="Bad").click()
    panel.get_by_label("Why").fill("not the answer")
    panel.get_by_role("button", name="Keep these words").press("Enter")
    expect(panel.get_by_role("list", name="Verdicts")).to_contain_text("You: 0 % – not the answer")
    expect(panel).to_contain_text("says a person: not the answer")
    whole = page.get_by_role("region", name="Your verdict on this run")
    whole.get_by_role("button", name="Good").click()
    expect(whole.get_by_role("button", name="Good")).to_have_attribute("aria-pressed", "true")
    expect(whole.get_by_role("list", name="Verdicts")).to_contain_text("100 %")
    assert faults(page) == []


def test_an_empty_request_is_refused_in_place(page: Page, faults):
    page.goto("/new")
    page.get_by_role("button", name="Run at once").click()
    expect(page.get_by_text("Say what you want done.")).to_be_visible()
    assert faults(page) == []


def test_the_list_is_filtered_and_says_what_a_run_waits_for(page: Page, client, faults):
    register_slow_add(client)
    plan = {"subtasks": [{"id": "slow", "tool": "slow_add", "arguments": {"x": 1}}]}
    run = client.post("/v1/runs", {"plan": plan, "mode": "plan", "labels": {"page": "list"}}, status=202)[
        "id"
    ]
    client.wait(run)
    page.goto("/runs?label=page:list")
    row = page.locator(f"[data-run={run}]")
    expect(row).to_contain_text("resume the run to start it")
    page.get_by_role("button", name="Failed").click()
    expect(page.get_by_role("heading", name="No run is like that")).to_be_visible()
    page.get_by_role("button", name="Failed").click()
    row.get_by_role("button", name=re.compile("Cancel")).click()
    expect(row).to_contain_text("Cancelled")
    row.get_by_role("button", name=re.compile("Retry")).click()
    expect(row.get_by_text("Cancelled", exact=True)).to_be_hidden()
    assert faults(page) == []


def test_a_plan_is_approved_on_the_page(page: Page):
    ask(page, "Calculate 6 * 7", when="Plan, then ask me")
    page.get_by_role("button", name="Approve").click(timeout=20_000)
    expect(page.get_by_role("region", name="Result")).to_contain_text("42", timeout=30_000)


def test_the_palette_goes_anywhere_by_the_keyboard(page: Page, faults):
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults(page) == []
    page.keyboard.type("new run")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New run")).to_be_visible()


def planned(client: Client, label: str, *, mode: str = "plan") -> str:
    register_slow_add(client)
    plan = {"subtasks": [{"id": "a", "tool": "slow_add", "arguments": {"x": 1}}]}
    body = {"plan": plan, "mode": mode, "labels": {"page": label}}
    run: str = client.post("/v1/runs", body, status=202)["id"]
    client.wait(run)
    return run


def test_the_list_follows_what_happens(page: Page, client: Client):
    page.goto("/runs?label=page:live")
    expect(page.get_by_role("heading", name="No run is like that")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    row = page.locator(f"[data-run={planned(client, 'live')}]")
    expect(row).to_contain_text("Planned")
    client.post(f"/v1/runs/{row.get_attribute('data-run')}/cancel")
    expect(row).to_contain_text("Cancelled")


def test_many_runs_are_cancelled_at_once_and_refusals_say_why(page: Page, client: Client, faults):
    done, *others = (planned(client, "many", mode=mode) for mode in ("auto", "plan", "plan"))
    page.goto("/runs?label=page:many")
    page.get_by_label("Choose all 3 shown").check()
    expect(page.get_by_text("3 chosen")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Cancel those chosen").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel 3 runs").click()
    report = page.get_by_role("status").filter(has_text="refused")
    expect(report).to_contain_text("2 runs cancelled; 1 refused")
    expect(report.get_by_role("listitem")).to_contain_text(f"{done}: ")
    for run in others:
        expect(page.locator(f"[data-run={run}]")).to_contain_text("Cancelled")
    # Who refused stays chosen.
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.get_by_role("button", name="Retry those chosen").click()
    expect(page.get_by_role("status").filter(has_text="refused")).to_contain_text("0 runs started again")
    assert faults(page) == []


def test_costs_times_and_stuck_runs_are_asked_for_in_the_address(page: Page, client: Client, faults):
    done, waiting = planned(client, "found", mode="auto"), planned(client, "found")
    page.goto("/runs?label=page:found&quiet=0")
    expect(page.get_by_text("Cost, times, stuck (1 set)")).to_be_visible()
    expect(page.locator("[data-run]")).to_have_count(1)
    expect(page.locator(f"[data-run={waiting}]")).to_be_visible()
    page.get_by_label("Stuck").select_option("")
    page.get_by_label("Ended from").fill("2020-01-01T00:00")
    expect(page.locator("[data-run]")).to_have_count(1)
    expect(page.locator(f"[data-run={done}]")).to_be_visible()
    assert "finished_since" in page.url
    page.get_by_label("Spent at least, in USD").fill("much")
    expect(page.get_by_text("Dollars, as 5 or 0.05")).to_be_visible()
    page.get_by_label("Spent at least, in USD").fill("0.5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No run is like that")).to_be_visible()
    assert faults(page) == []
    page.reload()
    expect(page.get_by_label("Spent at least, in USD")).to_have_value("0.5")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(f"[data-run={waiting}]")).to_be_visible()
