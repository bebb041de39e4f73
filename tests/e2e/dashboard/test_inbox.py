"""What waits for a person over all runs, answered where it is listed."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.service import Client
from tests.e2e.slow import register_slow_add

ADD = {"subtasks": [{"id": "a", "goal": "add", "tool": "slow_add", "arguments": {"x": 40, "y": 2}}]}


def ask(client: Client, **more: object) -> str:
    """A run that a person must say something to."""
    register_slow_add(client)
    run: str = client.post("/v1/runs", {"plan": ADD, **more}, status=202)["id"]
    return run


def test_questions_are_answered_in_the_inbox_and_their_runs_go_on(page: Page, client: Client, faults):
    for left in client.get("/v1/inbox")["items"]:  # by other tests of this service
        client.post(f"/v1/runs/{left['run']}/cancel")
    page.goto("/inbox")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    assert faults(page) == []
    # What is asked meanwhile comes by itself, and is counted in the navigation.
    call = ask(client, approve=[{"tool": "slow_*"}], approval_timeout=600)
    card = page.locator(f"[data-run={call}]")
    expect(card).to_contain_text("Approval of a call")
    expect(card).to_contain_text("Only reads · at most $0")
    expect(card).to_contain_text("Without an answer it is “Reject” in 9 min")
    plan = ask(client, mode="approve")
    other = page.locator(f"[data-run={plan}]")
    expect(other.get_by_role("list", name="What would happen")).to_contain_text("slow_add")
    expect(other).to_contain_text("Only reads · about $0")
    expect(page.get_by_role("link", name="Inbox")).to_contain_text("2 waiting")
    assert faults(page) == []
    expect(card.get_by_label("Arguments of slow_add", exact=True)).to_contain_text('"x": 40')
    card.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").filter(has_text="Answered")).to_be_focused()
    expect(card).to_have_count(0)
    assert client.wait(call)["status"] == "succeeded"
    other.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    assert client.wait_past(plan, "needs_input")["status"] == "cancelled"
    page.get_by_role("status").get_by_role("link", name=plan).click()
    expect(page.locator("header").get_by_text("Cancelled")).to_be_visible()
