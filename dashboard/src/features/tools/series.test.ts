import { expect, it } from "vitest";
import type { Evidence } from "@/api/types";
import { seriesOf } from "@/features/tools/series";

const one = (second: number, seconds: number, quality: number | null = null) =>
  ({ at: new Date(1000 * second).toISOString(), seconds, quality, status: "succeeded" }) as Evidence;

it("goes from the oldest to the newest, with the mean so far", () => {
  const { points, mean, most, last } = seriesOf([one(3, 4), one(1, 2)], (each) => each.seconds);
  expect(points).toEqual([
    { x: 0, y: 0.5, failed: false },
    { x: 1, y: 1, failed: false },
  ]);
  expect(most).toBe(4);
  expect(mean[0]?.y).toBe(0.5);
  expect(last).toBeCloseTo((2 * 0.98 + 4) / 1.98);
});

it("leaves out what nobody judged, and is empty without a value", () => {
  const evidence = [one(1, 1, 0.5), one(2, 1)];
  expect(seriesOf(evidence, (each) => each.quality, 1).points).toHaveLength(1);
  expect(seriesOf([], (each) => each.seconds).last).toBeNull();
});
