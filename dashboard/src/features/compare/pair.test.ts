import { expect, it } from "vitest";
import { apart, readPair } from "@/features/compare/pair";
import { duration, money } from "@/lib/format";

it("takes of an address only what may be a run", () => {
  expect(readPair({ a: "run_1", b: 7, c: "x" })).toEqual({ a: "run_1" });
  expect(readPair({ a: "", b: "quote" })).toEqual({ b: "quote" });
});

it("says how far apart two figures are", () => {
  const words = ["more", "less"] as const;
  expect(apart(1, 1.5, money, words)).toBe("$0.50 more (50 %)");
  expect(apart(4, 3, duration, words)).toBe("1.0 s less (25 %)");
  expect(apart(0, 2, money, words)).toBe("$2.00 more");
  expect(apart(3, 3, money, words)).toBe("the same");
  expect(apart(null, 3, money, words)).toBeNull();
});
