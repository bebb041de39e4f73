import { expect, it } from "vitest";
import { ApiError, Unreachable } from "@/api/client";
import { brief, faultsBySubtask, refOf } from "@/features/plan/words";

it("shows values briefly and says where they come from", () => {
  expect(brief("a text")).toBe("a text");
  expect(brief({ ref: "a.sum" })).toBe("← a.sum");
  expect(brief([1, 2])).toBe("[1,2]");
  expect(refOf({ ref: "a.sum", more: 1 })).toBeNull();
  expect(refOf(null)).toBeNull();
});

it("says each fault of the sub-task it belongs to", () => {
  const error = new ApiError(422, "no", "plan_rejected", [
    { path: "/subtasks/2/arguments/text", detail: "not a string", subtask: "file" },
    { path: "/edits/0/subtask/tool", detail: "no such tool" },
    { path: "/edits/0", detail: "whole" },
  ]);
  expect(Object.fromEntries(faultsBySubtask(error, "new"))).toEqual({
    file: [{ path: "arguments/text", detail: "not a string" }],
    new: [
      { path: "tool", detail: "no such tool" },
      { path: "", detail: "whole" },
    ],
  });
  expect(faultsBySubtask(error).has("new")).toBe(false);
  expect(faultsBySubtask(new Unreachable()).size).toBe(0);
});
