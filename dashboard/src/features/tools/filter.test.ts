import { expect, it } from "vitest";
import { addressed, changed, listed, ranked, readFilter } from "@/features/tools/filter";

it("reads an address, and leaves out what is no filter", () => {
  expect(
    readFilter({ q: "chart", kind: "mcp", status: ["active", "gone"], source: 3, colour: "red" }),
  ).toEqual({ q: "chart", kind: ["mcp"], status: ["active"] });
});

it("asks the retriever for words among active tools, and the list for all else", () => {
  expect(ranked({ q: "chart" })).toBe(true);
  expect(ranked({ q: "chart", status: ["active"] })).toBe(true);
  expect(ranked({ q: "chart", status: ["active", "disabled"] })).toBe(false);
  expect(ranked({ status: ["active"] })).toBe(false);
  expect(listed({ q: "chart", source: "mcp:odd" })).toEqual({ q: "chart", source: ["mcp:odd"] });
  expect(addressed({ kind: ["mcp", "http"], q: "a b" })).toBe("/v1/tools?kind=mcp&kind=http&q=a+b");
});

it("takes a part away with its last value", () => {
  expect(changed({ q: "a", kind: ["mcp"] }, "kind", [])).toEqual({ q: "a" });
  expect(changed({ q: "a" }, "source", "built-in")).toEqual({ q: "a", source: "built-in" });
});
