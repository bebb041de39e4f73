import { expect, it } from "vitest";
import { choicesOf, formOf, valueOf } from "@/features/run/answers";

it("offers the answers of each kind", () => {
  expect(choicesOf({ kind: "plan_approval", schema: {} }).map(({ value }) => value)).toEqual([true, false]);
  expect(choicesOf({ kind: "value", schema: { enum: ["a", "b"] } }).map(({ word }) => word)).toEqual([
    "a",
    "b",
  ]);
  expect(choicesOf({ kind: "value", schema: { type: "string" } })).toEqual([]);
  expect(formOf({ kind: "value", schema: { type: "string" } })).toEqual({ type: "string" });
  expect(formOf({ kind: "plan_approval", schema: { type: "boolean" } })).toBeNull();
});

it("reads what was typed as the schema has it", () => {
  expect(valueOf("42", { type: "integer" })).toEqual({ value: 42 });
  expect(valueOf("42", { type: "string" })).toEqual({ value: "42" });
  expect(valueOf("many", { type: "number" })).toEqual({ fault: "A number is asked for." });
  expect(valueOf("[1, 2]", { type: "array" })).toEqual({ value: [1, 2] });
  expect(valueOf("[1, 2", { type: "array" })).toHaveProperty("fault");
  expect(valueOf("  ", {})).toHaveProperty("fault");
});
