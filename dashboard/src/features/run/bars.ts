/** Where the bars of the timeline lie: seconds from the acceptance of the run. */
import type { Ending, Run, Step, StepStatus } from "@/api/types";

export interface Bar {
  kind: "waits" | "attempt";
  from: number;
  to: number;
  status: StepStatus;
}

const AFTER = {
  succeeded: "succeeded",
  low_quality: "low_quality",
  failed: "failed",
  retry: "failed",
  asked: "waiting",
  cancelled: "cancelled",
  lost: "failed",
} as const satisfies Record<Ending, StepStatus>;

export function timeline(
  run: Pick<Run, "steps" | "created_at" | "finished_at">,
  now: number,
): { rows: { step: Step; bars: Bar[] }[]; length: number } {
  const start = Date.parse(run.created_at);
  const at = (time: string) => (Date.parse(time) - start) / 1000;
  const length = Math.max(run.finished_at ? at(run.finished_at) : (now - start) / 1000, 0.001);
  const known = new Map(run.steps.map((step) => [step.idx, step]));
  const rows = run.steps.map((step) => {
    const needs = step.needs.map((idx) => known.get(idx)?.finished_at ?? null);
    const bars: Bar[] = [];
    // While a need is open the step is not late: it does not wait for anything of its own.
    let free: number | null = needs.includes(null)
      ? null
      : Math.max(0, ...needs.map((time) => (time ? at(time) : 0)));
    for (const { started_at, finished_at, ending } of step.attempts) {
      const [from, to] = [at(started_at), at(finished_at)];
      if (free !== null && from > free) bars.push({ kind: "waits", from: free, to: from, status: "waiting" });
      bars.push({ kind: "attempt", from, to, status: AFTER[ending] });
      free = to;
    }
    const open = { ready: "waits", waiting: "waits", running: "attempt" }[step.status as string] as
      Bar["kind"] | undefined;
    const from =
      step.status === "running" && step.started_at ? Math.max(at(step.started_at), free ?? 0) : free;
    if (open && from !== null && from < length)
      bars.push({ kind: open, from, to: length, status: step.status });
    return { step, bars };
  });
  return { rows, length };
}
