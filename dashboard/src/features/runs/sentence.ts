/** One sentence on every run: what it waits for, or what it is doing, or how it ended. */
import type { RunLine } from "@/api/types";
import { count, duration, percent } from "@/lib/format";

export function sentence(run: RunLine): string {
  if (run.waiting_on) return run.waiting_on.text;
  const message = run.error?.message;
  switch (run.status) {
    case "planning":
      return "A plan is being made.";
    case "planned":
      return "The plan is ready.";
    case "running":
    case "needs_input":
    case "paused":
      return progress(run);
    case "succeeded":
      return `Done in ${took(run)}.`;
    case "failed":
      return message ?? `Failed after ${took(run)}.`;
    case "cancelled":
      return `Cancelled after ${took(run)}.`;
  }
}

function progress({ steps }: RunLine): string {
  const all = Object.values(steps).reduce((sum, number) => sum + number, 0);
  const done = (steps.succeeded ?? 0) + (steps.low_quality ?? 0) + (steps.skipped ?? 0);
  if (all === 0) return "Moving.";
  const running = steps.running ?? 0;
  const now = running > 0 ? `${count(running, "step")} running; ` : "";
  return `${now}${done} of ${count(all, "step")} done (${percent(done / all)}).`;
}

function took(run: RunLine): string {
  const end = run.finished_at ? Date.parse(run.finished_at) : Date.now();
  return duration((end - Date.parse(run.created_at)) / 1000);
}
