/** What is shown of many runs is read anew when some of them change. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { whileSeen } from "@/api/seen";
import { listen, type StreamState } from "@/api/stream";

/** Milliseconds between two readings, however much changes. */
const BETWEEN = 2_000;
/** What is read anew; of these only what is on the page. */
const STALE = [["runs"], ["inbox"], ["inbox-count"]];

let state: StreamState = "connecting";
const listeners = new Set<() => void>();

function setState(now: StreamState): void {
  state = now;
  for (const listener of listeners) listener();
}

/** Whether lists follow what happens. */
export function useChangesState(): StreamState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** Follow which runs change, once for the whole page and while somebody looks at it. */
export function useChanges(): void {
  const queries = useQueryClient();
  useEffect(() => {
    let last: string | null = null;
    const reader = every(BETWEEN, () => {
      for (const queryKey of STALE) void queries.invalidateQueries({ queryKey });
    });
    const source = {
      path: "/v1/runs/changes",
      last: () => last,
      messages: (messages: { id?: string | undefined }[]) => {
        last = messages.at(-1)?.id ?? last;
        reader.soon();
      },
      state: setState,
    };
    const seen = whileSeen((signal) => listen(source, signal).catch(() => setState("broken")));
    return () => {
      seen.end();
      reader.stop();
    };
  }, [queries]);
}

/** Acts at once, and then no more often than every so many milliseconds. */
export function every(milliseconds: number, act: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const go = () => {
    act();
    again = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (again) go();
    }, milliseconds);
  };
  return {
    soon: () => {
      if (timer === undefined) go();
      else again = true;
    },
    stop: () => clearTimeout(timer),
  };
}
