import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { every } from "@/api/changes";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("acts at once, and once more for all that comes together", () => {
  const act = vi.fn();
  const { soon, stop } = every(1_000, act);
  soon();
  expect(act).toHaveBeenCalledTimes(1);
  soon();
  soon();
  vi.advanceTimersByTime(999);
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(5_000);
  expect(act).toHaveBeenCalledTimes(2);
  soon();
  soon();
  stop();
  vi.advanceTimersByTime(5_000);
  expect(act).toHaveBeenCalledTimes(3);
});
