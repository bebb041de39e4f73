/** What a plan holds, in few words, and what is wrong with which part of it. */
import { ApiError } from "@/api/client";

/** A value of the arguments: text as it is, a reference as where it comes from. */
export function brief(value: unknown): string {
  if (typeof value === "string") return value;
  const ref = refOf(value);
  return ref === null ? JSON.stringify(value) : `← ${ref}`;
}

/** `sub-task.field` of a value that another sub-task gives; null for any other value. */
export function refOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  const { ref, ...rest } = value as Record<string, unknown>;
  return typeof ref === "string" && Object.keys(rest).length === 0 ? ref : null;
}

export interface Fault {
  /** Where in the sub-task, empty where it is the whole. */
  path: string;
  detail: string;
}

/** The faults of a refusal by the sub-task they belong to; `of` is that of an edit, for what names none. */
export function faultsBySubtask(error: Error | null, of?: string): Map<string, Fault[]> {
  const found = new Map<string, Fault[]>();
  if (!(error instanceof ApiError)) return found;
  for (const { path, detail, subtask = of } of error.fields) {
    if (subtask === undefined) continue;
    const within = path.replace(/^\/(subtasks|edits)\/[^/]+/, "").replace(/^\/(subtask|into)(?=\/)/, "");
    found.set(subtask, [...(found.get(subtask) ?? []), { path: within.slice(1), detail }]);
  }
  return found;
}
