import { describe, expect, it } from "vitest";
import { argumentsOf, fieldsOf, typedOf } from "@/features/tools/form";

const SCHEMA = {
  type: "object",
  properties: {
    note: { type: "string", description: "words" },
    at: { type: "string", format: "date" },
    count: { type: "integer", default: 3 },
    unit: { enum: ["metric", 1] },
    wide: { type: ["boolean", "null"] },
    page: { type: "object", "x-media-types": ["image/*"] },
    rows: { type: "array" },
    pet: { anyOf: [{ $ref: "#/$defs/Pet" }, { type: "null" }] },
    any: {},
  },
  required: ["unit", "rows"],
  $defs: { Pet: { type: "string", maxLength: 20 } },
};

describe("a form", () => {
  const fields = fieldsOf(SCHEMA);

  it("has a control for each argument, the needed ones first", () => {
    expect(fields.map(({ name, control }) => `${name}: ${control}`)).toEqual([
      "unit: choice",
      "rows: json",
      "note: text",
      "at: line",
      "count: number",
      "wide: yes-no",
      "page: file",
      "pet: line",
      "any: json",
    ]);
    expect(fields.find(({ name }) => name === "count")?.hint).toBe("Without it: 3.");
  });

  it("reads what was typed by its type and leaves out what is empty", () => {
    const typed = { unit: "1", rows: "[1, 2]", note: "12", count: "4", wide: "false", at: " " };
    expect(argumentsOf(fields, typed)).toEqual({
      values: { unit: 1, rows: [1, 2], note: "12", count: 4, wide: false },
      faults: {},
    });
  });

  it("says by each field what is wrong with it", () => {
    const { faults } = argumentsOf(fields, { rows: "[1", count: "4.5" });
    expect(Object.keys(faults)).toEqual(["unit", "rows", "count"]);
    expect(faults.rows).toContain("no JSON");
  });

  it("shows given arguments as they would be typed", () => {
    const values = { note: "a\nb", unit: "metric", rows: [], wide: true };
    expect(argumentsOf(fields, typedOf(fields, values)).values).toEqual(values);
  });
});
