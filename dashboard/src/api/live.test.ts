import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { gathering, moved } from "@/api/live";
import { newer } from "@/api/runs";
import type { EventType, Run, RunEvent } from "@/api/types";

const run = (last_event: number, status = "ready") =>
  ({ last_event, status: "running", steps: [{ key: "a", status }] }) as unknown as Run;
const event = (number: number, type: EventType): RunEvent => ({
  run: "r",
  number,
  type,
  at: "2026-01-01T00:00:00Z",
  data: { step: "a" },
});
const events = [event(1, "step.started"), event(2, "step.waiting"), event(3, "step.succeeded")];

it("draws what events say behind the reading, and nothing of before it", () => {
  const now = moved(run(1, "running"), events);
  expect([now.steps[0]?.status, now.last_event]).toEqual(["succeeded", 3]);
  const read = run(3, "pending");
  expect(moved(read, events)).toBe(read);
});

it("keeps the newer of two readings, whichever comes first", () => {
  expect(newer(run(5), run(4)).last_event).toBe(5);
  expect(newer(run(4), run(5)).last_event).toBe(5);
  expect(newer(run(4, "ready"), run(4, "running")).steps[0]?.status).toBe("running");
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("hands on together what comes together, and the rest when it is stopped", () => {
  const hand = vi.fn();
  const { add, stop } = gathering<number>(hand);
  add([1]);
  add([2, 3]);
  vi.advanceTimersByTime(49);
  expect(hand).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(hand.mock.calls).toEqual([[[1, 2, 3]]]);
  add([4]);
  stop();
  vi.advanceTimersByTime(100);
  expect(hand.mock.calls).toEqual([[[1, 2, 3]], [[4]]]);
});
