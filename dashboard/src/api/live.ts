/** A run and its events, kept up to date by its stream. */
import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { readRun, runQuery } from "@/api/runs";
import { whileSeen } from "@/api/seen";
import { follow, type StreamState } from "@/api/stream";
import type { EventType, Run, RunEvent, RunStatus, StepStatus } from "@/api/types";

/** Milliseconds in which events are gathered, to be drawn together. */
const GATHER = 50;
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

/**
 * The run with what events behind its reading say of its steps and status, at once and without asking.
 * A reading that comes late takes nothing back.
 */
export function moved(run: Run, events: readonly RunEvent[]): Run {
  const first = events.findLastIndex(({ number }) => number <= run.last_event) + 1;
  if (first === events.length) return run;
  const steps = new Map<unknown, StepStatus>();
  let status = run.status;
  for (const { type, data } of events.slice(first)) {
    const after = STEP_AFTER[type];
    if (after) steps.set(data.step, after);
    if ((type === "run.status" || type === "run.ended") && typeof data.status === "string")
      status = data.status as RunStatus;
  }
  return {
    ...run,
    last_event: events.at(-1)?.number ?? run.last_event,
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
  const known = useRef<RunEvent[]>([]);
  const {
    data: run,
    error,
    refetch,
  } = useQuery({
    ...runQuery(id),
    queryFn: async ({ signal }) => moved(await readRun(id, signal), known.current),
  });
  const [live, setLive] = useState(NOTHING);
  const last = useRef(0);
  const look = useRef<() => void>(undefined);

  useEffect(() => {
    const read = reading(queries, id);
    const gathered = gathering((events: RunEvent[]) => {
      known.current = [...known.current, ...events];
      setLive((before) => ({ ...before, events: known.current }));
      // Step by step, so that only what these events move is drawn anew.
      queries.setQueryData(runQuery(id).queryKey, (before) => before && moved(before, events));
      read.soon();
    });
    const listener = {
      events: (events: RunEvent[]) => {
        last.current = events.at(-1)?.number ?? last.current;
        gathered.add(events);
      },
      state: (state: StreamState) => {
        setLive((before) => ({ ...before, state, error: null }));
        if (state === "live" || state === "over") read.soon();
      },
    };
    const seen = whileSeen((signal) =>
      follow(id, last.current, listener, signal).catch((refused: unknown) => {
        const told = refused instanceof Error ? refused : new Error(String(refused));
        setLive((before) => ({ ...before, error: told }));
      }),
    );
    look.current = seen.look;
    return () => {
      seen.end();
      gathered.stop();
      read.stop();
    };
  }, [id, queries]);

  // A run that went on after its stream had ended is followed anew, behind the last event seen.
  const newest = run?.last_event ?? 0;
  useEffect(() => {
    if (newest > last.current) look.current?.();
  }, [newest]);

  return { run, error, refetch, live };
}

/** Hands on together what is added within a moment. */
export function gathering<T>(hand: (all: T[]) => void) {
  let all: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const go = () => {
    clearTimeout(timer);
    timer = undefined;
    if (all.length > 0) hand(all);
    all = [];
  };
  return {
    add: (more: readonly T[]) => {
      all.push(...more);
      timer ??= setTimeout(go, GATHER);
    },
    stop: go,
  };
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
