/** A run and its events, kept up to date by its stream. */
import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { ended, runQuery } from "@/api/runs";
import { follow, type StreamState } from "@/api/stream";
import type { EventType, Run, RunEvent, RunStatus, StepStatus } from "@/api/types";

/** Milliseconds in which many events cause one reading of the whole run. */
const TOGETHER = 400;
/** Of a large run, whose reading takes long: the pause is so many times as long as the last one took. */
const REST = 4;

/** The status that a step has after an event; null where the event says nothing of one. */
const STEP_AFTER = {
  "run.accepted": null,
  "run.status": null,
  "run.ended": null,
  "run.reopened": null,
  "plan.made": null,
  "path.chosen": null,
  "question.asked": null,
  "question.answered": null,
  "step.started": "running",
  "step.progress": "running",
  "step.succeeded": "succeeded",
  "step.low_quality": "low_quality",
  "step.failed": "failed",
  "step.waiting": "waiting",
  "step.skipped": "skipped",
  "step.cancelled": "cancelled",
  "step.lost": "ready",
  "step.poisoned": "poisoned",
  "undo.started": null,
  "undo.succeeded": null,
  "undo.failed": null,
  "feedback.given": null,
} as const satisfies Record<EventType, StepStatus | null>;

/** The run with what the events say of its steps and status, at once and without asking. */
export function moved(run: Run, events: readonly RunEvent[]): Run {
  const steps = new Map<unknown, StepStatus>();
  let status = run.status;
  for (const { type, data } of events) {
    const after = STEP_AFTER[type];
    if (after) steps.set(data.step, after);
    if ((type === "run.status" || type === "run.ended") && typeof data.status === "string")
      status = data.status as RunStatus;
  }
  return {
    ...run,
    status,
    steps: run.steps.map((step) => {
      const now = steps.get(step.key);
      return now && now !== step.status ? { ...step, status: now } : step;
    }),
  };
}

export interface Live {
  events: readonly RunEvent[];
  state: StreamState;
  error: Error | null;
}

const NOTHING: Live = { events: [], state: "connecting", error: null };

/** For one run as long as it is drawn: another run needs another component (`key`). */
export function useLiveRun(id: string) {
  const queries = useQueryClient();
  const query = useQuery(runQuery(id));
  const [live, setLive] = useState(NOTHING);
  const last = useRef(0);
  // A run that was reopened after its stream had ended is followed anew, behind the last event seen.
  const reopened = live.state === "over" && query.data !== undefined && !ended(query.data.status);

  useEffect(() => {
    const stop = new AbortController();
    const read = reading(queries, id);
    const listener = {
      events: (events: RunEvent[]) => {
        last.current = events.at(-1)?.number ?? last.current;
        setLive((before) => ({ ...before, events: [...before.events, ...events] }));
        queries.setQueryData(runQuery(id).queryKey, (run) => run && moved(run, events));
        read.soon();
      },
      state: (state: StreamState) => {
        setLive((before) => ({ ...before, state, error: null }));
        if (state === "live" || state === "over") read.soon();
      },
    };
    follow(id, last.current, listener, stop.signal).catch((error: unknown) => {
      setLive((before) => ({ ...before, error: error instanceof Error ? error : new Error(String(error)) }));
    });
    return () => {
      stop.abort();
      read.stop();
    };
  }, [id, reopened, queries]);

  return { run: query, live };
}

/** Reads the whole run anew, once for all events that come close together. */
function reading(queries: QueryClient, id: string) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = TOGETHER;
  const read = async () => {
    const begun = performance.now();
    await queries.invalidateQueries({ queryKey: runQuery(id).queryKey });
    pause = Math.max(TOGETHER, REST * (performance.now() - begun));
  };
  return {
    soon: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void read();
      }, pause);
    },
    stop: () => clearTimeout(timer),
  };
}
