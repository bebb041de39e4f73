import { expect, it } from "vitest";
import type { Option, SubTask } from "@/api/types";
import {
  argumentsOf,
  blank,
  editsOf,
  formOf,
  freeId,
  movedBy,
  newSubTask,
  rows,
} from "@/features/plan/edits";

const option = (tool: string, given: Record<string, unknown>): Option => ({
  id: tool,
  calls: [{ tool, version: 1, arguments: given }],
  estimate: { usd: "0", seconds: 1, quality: 1, n: 1 },
});
const given = { text: { ref: "page.text" }, sentences: 2, title: "T" };
const subtask: SubTask = {
  id: "short",
  goal: "Shorten it",
  type: "summarise",
  words: "",
  needs: ["page"],
  deadline: null,
  options: [option("lead", given), option("central", given)],
  status: null,
};
const chosen = subtask.options[0];
const takes = {
  fields: { text: { type: "string" }, sentences: { type: "integer" }, title: { type: "string" } },
  required: ["text"],
};

function edited(change: Partial<ReturnType<typeof formOf>>) {
  const form = { ...formOf(subtask, chosen), ...change };
  const read = argumentsOf(form.given, takes, given);
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return editsOf(subtask, chosen, form, read.values);
}

it("asks for nothing where nothing was changed", () => {
  expect(edited({})).toEqual([]);
});

it("asks for what was changed, in one go", () => {
  const rows = formOf(subtask, chosen).given.filter(({ name }) => name !== "title");
  rows[1] = { name: "sentences", from: "value", text: "5" };
  expect(edited({ goal: " Sum up ", tool: "central", given: rows, needs: [] })).toEqual([
    { op: "reword", id: "short", goal: "Sum up" },
    { op: "retarget", id: "short", tool: "central" },
    { op: "arguments", id: "short", arguments: { sentences: 5 } },
    { op: "reorder", id: "short", needs: [] },
  ]);
});

it("takes an argument away, and gives it from another sub-task", () => {
  const rows = [{ name: "text", from: "result" as const, text: "other.body" }];
  expect(edited({ given: rows })).toEqual([
    {
      op: "arguments",
      id: "short",
      arguments: { text: { ref: "other.body" }, sentences: null, title: null },
    },
  ]);
});

it("lets any tool do what one was picked for", () => {
  const picked = { ...subtask, options: [option("lead", given)] };
  const form = { ...formOf(picked, picked.options[0]), tool: "" };
  expect(editsOf(picked, picked.options[0], form, given)).toEqual([
    { op: "retarget", id: "short", tool: null },
  ]);
});

it("reads values as the tool takes them and names what it cannot read", () => {
  const value = (name: string, text: string) => ({ name, from: "value" as const, text });
  const read = (...all: Parameters<typeof argumentsOf>[0]) => argumentsOf(all, takes);
  expect(read(value("title", "5"), value("sentences", "5"), value("text", " "))).toEqual({
    values: { title: "5", sentences: 5 },
  });
  expect(read(value("sentences", "many"))).toEqual({ faults: { sentences: "This is of type integer." } });
  expect(read({ name: "text", from: "result", text: "page" })).toEqual({
    faults: { text: "Name it as sub-task.field." },
  });
  expect(read(value("unknown", "[1]"), value("free", "word"))).toEqual({
    values: { unknown: [1], free: "word" },
  });
});

it("shows a row for all that the tool must have", () => {
  expect(rows([], takes).map(({ name }) => name)).toEqual(["text"]);
  expect(rows(formOf(subtask, chosen).given, takes)).toHaveLength(3);
});

it("makes new sub-tasks, with ids that are free", () => {
  expect(newSubTask({ ...blank("n"), goal: "Add" }, { x: 1 })).toEqual({
    id: "n",
    goal: "Add",
    arguments: { x: 1 },
    needs: [],
  });
  expect(freeId("s", ["s", "s_2"])).toBe("s_3");
});

it("moves a sub-task by places", () => {
  expect(movedBy(["a", "b", "c"], "b", -1)).toEqual(["b", "a", "c"]);
  expect(movedBy(["a", "b", "c"], "b", 1)).toEqual(["a", "c", "b"]);
  expect(movedBy(["a", "b"], "a", -1)).toEqual(["a", "b"]);
});
