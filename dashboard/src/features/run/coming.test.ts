import { expect, it } from "vitest";
import type { Question, StoredPlan } from "@/api/types";
import { addressOf, callOf, callsOf, defaultOf } from "@/features/run/coming";

const question: Question = {
  id: "q",
  kind: "step_approval",
  text: "May it?",
  schema: { anyOf: [{ enum: ["approve", "reject"] }] },
  subtask: "send",
  argument: null,
  detail: { tool: "send_mail", effect: "once", arguments: { to: "x" }, worst_usd: "0.02", default: "reject" },
  created_at: "2026-01-01T00:00:00Z",
  expires_at: "2026-01-01T00:05:00Z",
  answered_at: null,
  answer: null,
};

it("says which call is made, with its effect and its worst cost", () => {
  expect(callOf(question)).toEqual({
    goal: "send",
    tool: "send_mail",
    effect: "once",
    cost: "at most $0.02",
    arguments: { to: "x" },
  });
  expect(callOf({ ...question, kind: "value", detail: null })).toBeNull();
  const cutOff = { tool: "send_mail", arguments: null };
  expect(callOf({ ...question, kind: "repeat_once", detail: cutOff })).toMatchObject({
    effect: "once",
    cost: null,
  });
});

it("names the answer that stands by itself as its button is named", () => {
  expect(defaultOf(question)).toBe("Reject");
  expect(defaultOf({ ...question, expires_at: null })).toBeNull();
  const plan = { ...question, kind: "plan_approval" as const, detail: { plan: "plan_1", default: true } };
  expect(defaultOf(plan)).toBe("Approve");
});

it("opens no address that is not of the web", () => {
  const asking = (url: string): Question => ({ ...question, kind: "tool_asks", detail: { url } });
  expect(addressOf(asking("https://example.org/login"))).toBe("https://example.org/login");
  expect(addressOf(asking("javascript:alert(1)"))).toBeNull();
});

it("lists the chosen calls of a plan in its order, the price of a way once", () => {
  const call = (tool: string) => ({ tool, version: 1, arguments: {} });
  const option = (id: string, usd: string, ...tools: string[]) => ({
    id,
    calls: tools.map(call),
    estimate: { usd, seconds: 1, quality: 1, n: 0 },
  });
  const subtask = { goal: "Do it", type: "t", words: "", needs: [], deadline: null, status: null };
  const plan = {
    plan: {
      subtasks: [
        {
          ...subtask,
          id: "a",
          options: [option("cheap", "0", "one"), option("dear", "0.5", "two", "three")],
        },
      ],
    },
    path: { choices: { a: "dear" } },
  } as unknown as StoredPlan;
  expect(callsOf(plan).map(({ tool, cost }) => [tool, cost])).toEqual([
    ["two", "about $0.50"],
    ["three", null],
  ]);
});
