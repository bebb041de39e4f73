import { expect, it } from "vitest";
import { criticalPath } from "@/lib/path";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const step = (idx: number, needs: number[], from: number | null, to: number | null) => ({
  idx,
  needs,
  started_at: from === null ? null : at(from),
  finished_at: to === null ? null : at(to),
});

it("is the chain of what ended last", () => {
  const steps = [step(0, [], 0, 1), step(1, [], 0, 5), step(2, [0, 1], 5, 6), step(3, [0], 1, 2)];
  expect([...criticalPath(steps)]).toEqual([2, 1]);
});

it("ends at what still runs, and is empty before anything has begun", () => {
  expect([...criticalPath([step(0, [], 0, 1), step(1, [0], 1, null)])]).toEqual([1, 0]);
  expect(criticalPath([step(0, [], null, null)]).size).toBe(0);
});
