/** Errors, endings and events in words. */
import type { Ending, EventType, RunEvent } from "@/api/types";
import { percent } from "@/lib/format";

export const ENDINGS = {
  succeeded: "Succeeded",
  low_quality: "Ended with low quality",
  failed: "Failed",
  retry: "Failed, to be tried again",
  asked: "Asked a person",
  cancelled: "Cancelled",
  lost: "Lost with its worker",
} as const satisfies Record<Ending, string>;

export const EVENTS = {
  "run.accepted": "Accepted",
  "run.status": "Status",
  "run.ended": "Ended",
  "run.reopened": "Opened again",
  "plan.made": "Plan made",
  "path.chosen": "Path chosen",
  "question.asked": "Question",
  "question.answered": "Answered",
  "step.started": "Started",
  "step.progress": "Progress",
  "step.succeeded": "Succeeded",
  "step.low_quality": "Low quality",
  "step.failed": "Failed",
  "step.waiting": "Waits",
  "step.skipped": "Skipped",
  "step.cancelled": "Cancelled",
  "step.lost": "Lost with its worker",
  "step.poisoned": "Given up",
  "undo.started": "Undo started",
  "undo.succeeded": "Undone",
  "undo.failed": "Undo failed",
  "feedback.given": "Judged",
} as const satisfies Record<EventType, string>;

/** What an event tells beside its name, in a few words. */
export function told({ type, data }: RunEvent): string {
  const named = ["subtask", "tool", "status", "text", "source"].map((name) => data[name]);
  const error = data.error;
  const words = named.filter((word): word is string => typeof word === "string");
  if (type === "feedback.given" && typeof data.quality === "number") words.push(percent(data.quality));
  if (typeof error === "object" && error !== null) words.push(messageOf(error as Record<string, unknown>));
  return words.join(" · ");
}

export function messageOf(error: Record<string, unknown>): string {
  for (const name of ["message", "detail", "text", "code"]) {
    const said = error[name];
    if (typeof said === "string" && said) return said;
  }
  return JSON.stringify(error);
}
