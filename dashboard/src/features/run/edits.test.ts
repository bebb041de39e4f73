import { expect, it } from "vitest";
import { edited, faultOf, textsOf } from "@/features/run/edits";

const VALUES = { text: "12", limit: 5, from: { ref: "a.sum" } };

it("keeps words as words, and sends only what was changed", () => {
  const texts = textsOf(VALUES);
  expect(texts.text).toBe("12");
  expect(edited(VALUES, texts)).toEqual({ edits: {}, faults: {} });
  expect(edited(VALUES, { ...texts, text: "13", limit: "6" }).edits).toEqual({ text: "13", limit: 6 });
});

it("says by the argument what is no JSON", () => {
  const { edits, faults } = edited(VALUES, { ...textsOf(VALUES), limit: "six" });
  expect(edits).toEqual({});
  expect(faults.limit).toMatch("no JSON");
});

it("finds what the service says of an argument", () => {
  const fields = [{ path: "/edits/limit/0", detail: "too much" }];
  expect(faultOf(fields, "limit")).toBe("too much");
  expect(faultOf(fields, "lim")).toBeUndefined();
});
