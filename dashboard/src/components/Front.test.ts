import { expect, it } from "vitest";
import { scaled, type Point } from "@/components/Front";

const at = (usd: string, tool_seconds: number, quality: number): Point => ({
  usd,
  tool_seconds,
  wall_seconds: tool_seconds,
  quality,
});

it("puts cost to the right and quality upwards", () => {
  const [cheap, good] = [at("0.01", 9, 0.6), at("0.10", 1, 0.9)];
  const { paid, x, y } = scaled([cheap, good]);
  expect(paid).toBe(true);
  expect(x(good)).toBeGreaterThan(x(cheap));
  expect(y(good)).toBeLessThan(y(cheap));
});

it("measures by time where nothing costs money", () => {
  const { paid, cost } = scaled([at("0", 9, 0.6), at("0", 1, 0.9)]);
  expect([paid, cost(at("0", 9, 0.6))]).toEqual([false, 9]);
});

it("puts a single path in the middle", () => {
  const only = at("0.01", 1, 0.5);
  const { x, y } = scaled([only]);
  expect([x(only), y(only)].every(Number.isFinite)).toBe(true);
});
