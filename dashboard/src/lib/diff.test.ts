import { expect, it } from "vitest";
import { alike, difference, shortened } from "@/lib/diff";

it("compares prose by words", () => {
  const { by, parts } = difference("The sun is warm.", "The moon is warm.");
  expect(by).toBe("words");
  expect(parts?.filter(({ kind }) => kind !== "same").map(({ text }) => text)).toEqual(["sun", "moon"]);
});

it("compares values by lines of JSON, whatever the order of their fields", () => {
  expect(alike({ a: 1, b: [{ d: 1, c: 2 }] }, { b: [{ c: 2, d: 1 }], a: 1 })).toBe(true);
  const { by, parts } = difference({ a: 1, b: 2 }, { b: 3, a: 1 });
  expect(by).toBe("lines");
  expect(parts?.filter(({ kind }) => kind !== "same")).toEqual([
    { kind: "gone", text: '  "b": 2\n' },
    { kind: "new", text: '  "b": 3\n' },
  ]);
});

it("tells a number from its digits, and does not set endless texts against one another", () => {
  expect(alike(1, "1")).toBe(false);
  expect(difference("a".repeat(150_000), "b".repeat(150_000)).parts).toBeNull();
});

it("leaves out what is the same far from a difference", () => {
  const same = Array.from({ length: 50 }, (_, line) => `${line}\n`).join("");
  const parts = shortened(difference(`${same}x`, `${same}y`).parts ?? [], "lines");
  expect(parts[0]?.text).toBe("… 47 lines the same\n47\n48\n49\n");
});
