/** A sub-task as a form holds it, and the edits that a changed form comes to. */
import type { Edit, Option, SubTask } from "@/api/types";
import { refOf } from "@/features/plan/words";

export interface Given {
  name: string;
  /** Whether the text is a value, or where another sub-task's result is found (`id.field`). */
  from: "value" | "result";
  text: string;
}

export interface Form {
  id: string;
  goal: string;
  /** Empty: any tool that fits. */
  tool: string;
  given: Given[];
  needs: string[];
}

/** What a tool takes, as far as a form needs to know it. */
export interface Takes {
  fields: Record<string, { type?: string | string[]; description?: string }>;
  required: string[];
}

export type NewSubTask = Extract<Edit, { op: "add" }>["subtask"];

function lastCall(option: Option | undefined) {
  return option?.calls.at(-1);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function givenOf(values: Record<string, unknown>): Given[] {
  return Object.entries(values).map(([name, value]) => {
    const ref = refOf(value);
    return ref === null ? { name, from: "value", text: textOf(value) } : { name, from: "result", text: ref };
  });
}

/** The form of a sub-task; its arguments are those of the option that is taken. */
export function formOf(subtask: SubTask, chosen: Option | undefined): Form {
  return {
    id: subtask.id,
    goal: subtask.goal,
    tool: subtask.options.length === 1 ? (lastCall(subtask.options[0])?.tool ?? "") : "",
    given: givenOf(lastCall(chosen)?.arguments ?? {}),
    needs: subtask.needs,
  };
}

export function blank(id: string): Form {
  return { id, goal: "", tool: "", given: [], needs: [] };
}

/** An id like the stem that no sub-task has yet. */
export function freeId(stem: string, taken: readonly string[]): string {
  let number = 2;
  let id = stem;
  while (taken.includes(id)) id = `${stem}_${number++}`;
  return id;
}

/** A row for each argument that is given or that the tool must have; others can be added. */
export function rows(given: readonly Given[], takes: Takes | undefined): Given[] {
  if (!takes) return [...given];
  const missing = takes.required.filter((name) => !given.some((one) => one.name === name));
  return [...given, ...missing.map((name) => ({ name, from: "value" as const, text: "" }))];
}

/** The arguments of the rows, or by name what cannot be read. A row left empty gives nothing. */
export function argumentsOf(
  given: readonly Given[],
  takes: Takes | undefined,
  before: Record<string, unknown> = {},
): { values: Record<string, unknown> } | { faults: Record<string, string> } {
  const values: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  for (const one of given) {
    if (!one.text.trim()) continue;
    const read = valueOf(one, takes?.fields[one.name]?.type, before[one.name]);
    if ("fault" in read) faults[one.name] = read.fault;
    else values[one.name] = read.value;
  }
  return Object.keys(faults).length > 0 ? { faults } : { values };
}

function valueOf(
  { from, text }: Given,
  type: string | string[] | undefined,
  before: unknown,
): { value: unknown } | { fault: string } {
  if (from === "result")
    return /^[^.\s]+(\.[^.\s]+)+$/.test(text.trim())
      ? { value: { ref: text.trim() } }
      : { fault: "Name it as sub-task.field." };
  // What was not touched stays what it was, whatever its type.
  if (before !== undefined && refOf(before) === null && text === textOf(before)) return { value: before };
  if ([type ?? []].flat().includes("string")) return { value: text };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return type === undefined ? { value: text } : { fault: `This is of type ${[type].flat().join(" or ")}.` };
  }
}

/** What an added sub-task, or a part of a split one, is asked for as. */
export function newSubTask(form: Form, values: Record<string, unknown>): NewSubTask {
  return {
    id: form.id.trim(),
    arguments: values,
    needs: form.needs,
    ...(form.goal.trim() && { goal: form.goal.trim() }),
    ...(form.tool.trim() && { tool: form.tool.trim() }),
  };
}

/** The edits that make of the sub-task what the form says; none where it says the same. */
export function editsOf(
  subtask: SubTask,
  chosen: Option | undefined,
  form: Form,
  values: Record<string, unknown>,
): Edit[] {
  const { id } = subtask;
  const before = formOf(subtask, chosen);
  const edits: Edit[] = [];
  if (form.goal.trim() !== before.goal) edits.push({ op: "reword", id, goal: form.goal.trim() });
  const tool = form.tool.trim();
  if (tool !== before.tool) edits.push({ op: "retarget", id, tool: tool || null });
  const old = lastCall(chosen)?.arguments ?? {};
  const moved = tool !== before.tool && tool !== "" && tool !== lastCall(chosen)?.tool;
  const changes = Object.entries(values).filter(([name, value]) => !same(old[name], value));
  // Another tool takes over only what it takes, too.
  const gone = moved ? [] : Object.keys(old).filter((name) => !(name in values));
  const all = Object.fromEntries([...changes, ...gone.map((name) => [name, null] as const)]);
  if (Object.keys(all).length > 0) edits.push({ op: "arguments", id, arguments: all });
  if (!same([...form.needs].sort(), [...before.needs].sort()))
    edits.push({ op: "reorder", id, needs: form.needs });
  return edits;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** All ids with one moved by so many places. */
export function movedBy(ids: readonly string[], id: string, places: number): string[] {
  const from = ids.indexOf(id);
  const order = ids.filter((one) => one !== id);
  order.splice(Math.max(0, from + places), 0, id);
  return order;
}
