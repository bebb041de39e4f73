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

/** Whether most rows of its lists are out of sight. */
export function isLong({ steps }: Pick<Run, "steps">): boolean {
  return steps.length > 60;
}

/** Seconds since a run was accepted, or until its end. */
export function passed(run: Pick<Run, "created_at" | "finished_at">, now: number): number {
  const until = run.finished_at ? Date.parse(run.finished_at) : now;
  return Math.max((until - Date.parse(run.created_at)) / 1000, 0.001);
}

/** How many seconds wide the timeline is drawn: while a run goes on it grows now and then, not all the time. */
export function width(seconds: number, over: boolean): number {
  return over ? seconds : Math.max(1, 1.25 ** Math.ceil(Math.log(seconds) / Math.log(1.25)));
}

/** From when on each step waits for nothing but itself; null while a need is open. By its number. */
export function freeFrom(steps: readonly Step[], start: number): ReadonlyMap<number, number | null> {
  const ends = new Map(steps.map(({ idx, finished_at }) => [idx, finished_at]));
  return new Map(
    steps.map(({ idx, needs }) => {
      const times = needs.map((need) => ends.get(need) ?? null);
      const known = times.map((time) => (time ? (Date.parse(time) - start) / 1000 : 0));
      return [idx, times.includes(null) ? null : Math.max(0, ...known)];
    }),
  );
}

/** Whether time passes for a step: its last bar grows. */
export function open({ status }: Pick<Step, "status">): boolean {
  return status in GROWS;
}

const GROWS: Partial<Record<StepStatus, Bar["kind"]>> = {
  ready: "waits",
  waiting: "waits",
  running: "attempt",
};

/** The bars of one step, which was free from second `free` on; `length` seconds have passed. */
export function barsOf(step: Step, start: number, free: number | null, length: number): Bar[] {
  const at = (time: string) => (Date.parse(time) - start) / 1000;
  const bars: Bar[] = [];
  // While a need is open the step is not late: it does not wait for anything of its own.
  let since = free;
  for (const { started_at, finished_at, ending } of step.attempts) {
    const [from, to] = [at(started_at), at(finished_at)];
    if (since !== null && from > since)
      bars.push({ kind: "waits", from: since, to: from, status: "waiting" });
    bars.push({ kind: "attempt", from, to, status: AFTER[ending] });
    since = to;
  }
  const kind = GROWS[step.status];
  const from =
    step.status === "running" && step.started_at ? Math.max(at(step.started_at), since ?? 0) : since;
  if (kind && from !== null && from < length) bars.push({ kind, from, to: length, status: step.status });
  return bars;
}
