/** The critical path: the chain of steps that the end of a run hung on. */

export interface Timed {
  idx: number;
  needs: readonly number[];
  started_at: string | null;
  finished_at: string | null;
}

/** From the step that ended last back over, each time, the need that ended last. Empty before anything has begun. */
export function criticalPath(steps: readonly Timed[]): ReadonlySet<number> {
  const known = new Map(steps.map((step) => [step.idx, step]));
  const path = new Set<number>();
  let at = latest(steps);
  while (at && !path.has(at.idx)) {
    path.add(at.idx);
    at = latest(at.needs.map((need) => known.get(need)).filter((step) => step !== undefined));
  }
  return path;
}

function latest(steps: readonly Timed[]): Timed | undefined {
  let found: Timed | undefined;
  for (const step of steps) if (step.started_at && (!found || end(step) > end(found))) found = step;
  return found;
}

function end(step: Timed): number {
  return step.finished_at ? Date.parse(step.finished_at) : Infinity;
}
