import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { whileSeen } from "@/api/seen";

const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
beforeEach(() => void vi.stubGlobal("document", page));
afterEach(() => void vi.unstubAllGlobals());

function show(state: string) {
  page.visibilityState = state;
  page.dispatchEvent(new Event("visibilitychange"));
}

it("lets go of its connection while nobody looks, and takes it up again", async () => {
  const signals: AbortSignal[] = [];
  let over: () => void = () => undefined;
  const { look, end } = whileSeen((signal) => {
    signals.push(signal);
    return new Promise((done) => (over = done));
  });
  look();
  expect(signals).toHaveLength(1);
  show("hidden");
  expect(signals[0]?.aborted).toBe(true);
  show("visible");
  expect(signals).toHaveLength(2);
  over();
  await Promise.resolve();
  await Promise.resolve();
  look();
  expect(signals).toHaveLength(3);
  end();
  show("visible");
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, true]);
});
