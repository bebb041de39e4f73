import { expect, it } from "vitest";
import type { Attempt, Step } from "@/api/types";
import { barsOf, freeFrom, width } from "@/features/run/bars";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const attempt = (from: number, to: number, ending: Attempt["ending"]) =>
  ({ started_at: at(from), finished_at: at(to), ending }) as Attempt;
const step = (idx: number, needs: number[], attempts: Attempt[], more: Partial<Step>) =>
  ({ idx, needs, attempts, status: "succeeded", started_at: null, finished_at: null, ...more }) as Step;

it("keeps waiting and attempts apart, and lets what runs grow", () => {
  const steps = [
    step(0, [], [attempt(1, 2, "retry"), attempt(4, 5, "succeeded")], { finished_at: at(5) }),
    step(1, [0], [], { status: "running", started_at: at(6) }),
    step(2, [1], [], { status: "pending" }),
  ];
  const start = Date.parse(at(0));
  const free = freeFrom(steps, start);
  const bars = steps.map((one) => barsOf(one, start, free.get(one.idx) ?? null, 9));
  expect(bars[0]?.map(({ kind, from, to }) => [kind, from, to])).toEqual([
    ["waits", 0, 1],
    ["attempt", 1, 2],
    ["waits", 2, 4],
    ["attempt", 4, 5],
  ]);
  expect(bars[1]).toEqual([{ kind: "attempt", from: 6, to: 9, status: "running" }]);
  expect(bars[2]).toEqual([]);
});

it("grows now and then while a run goes on, and ends where the run ends", () => {
  expect(width(9, true)).toBe(9);
  expect(width(8.1, false)).toBe(width(9, false));
  expect(width(9, false)).toBeGreaterThan(9);
  expect(width(0.2, false)).toBe(1);
});
