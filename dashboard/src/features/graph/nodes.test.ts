import { expect, it } from "vitest";
import { maker, pathOf } from "@/features/graph/nodes";

const PLACES = new Map([
  ["0", { x: 0, y: 0 }],
  ["1", { x: 300, y: 50 }],
]);
const step = (idx: number, status: "ready" | "running") => ({ idx, subtask: `s${idx}`, tool: "t", status });

it("keeps a node that did not change", () => {
  const make = maker();
  const before = make([step(0, "ready"), step(1, "ready")], PLACES, null);
  const after = make([step(0, "ready"), step(1, "running")], PLACES, null);
  expect(after[0]).toBe(before[0]);
  expect(after[1]?.data.step.status).toBe("running");
  expect(make([step(0, "ready"), step(1, "running")], PLACES, 0)[0]?.selected).toBe(true);
});

it("draws an edge from the right of a step to the left of the next", () => {
  expect(
    pathOf(
      [
        [0, []],
        [1, [0]],
      ],
      PLACES,
    ),
  ).toBe("M210 42C255 42 255 92 300 92");
});
