/** Runs: what is asked of them, and how often. */
import { infiniteQueryOptions, queryOptions, replaceEqualDeep } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { BulkAction, Run, RunIn, RunLine, RunQuery, RunStatus } from "@/api/types";

/** Lists are read anew when something changes (`changes`); this is for what that may miss. */
const LIST_EVERY = 30_000;
const PAGE = 50;

const OVER: ReadonlySet<RunStatus> = new Set(["succeeded", "failed", "cancelled"] satisfies RunStatus[]);

export function ended(status: RunStatus): boolean {
  return OVER.has(status);
}

export function runsQuery(filter: RunQuery) {
  return infiniteQueryOptions({
    queryKey: ["runs", filter],
    queryFn: ({ pageParam, signal }) =>
      told(api.GET("/v1/runs", { params: { query: { ...filter, limit: PAGE, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    refetchInterval: LIST_EVERY,
  });
}

/** Of two readings that were answered out of order, the later one. */
export function newer(before: Run | undefined, now: Run): Run {
  return before && before.last_event > now.last_event ? before : replaceEqualDeep(before, now);
}

export function readRun(id: string, signal: AbortSignal) {
  return told(api.GET("/v1/runs/{run_id}", { params: { path: { run_id: id } }, signal }));
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: ["run", id],
    structuralSharing: (before, now) => newer(before as Run | undefined, now as Run),
    queryFn: ({ signal }) => readRun(id, signal),
  });
}

/** What a step sent and got; asked anew after each further try. */
export function exchangesQuery(id: string, step: string, tries: number) {
  return queryOptions({
    queryKey: ["exchanges", id, step, tries],
    queryFn: ({ signal }) =>
      told(
        api.GET("/v1/runs/{run_id}/steps/{step}/exchanges", {
          params: { path: { run_id: id, step } },
          signal,
        }),
      ),
  });
}

export function explainQuery(id: string) {
  return queryOptions({
    queryKey: ["explain", id],
    queryFn: ({ signal }) =>
      told(api.GET("/v1/runs/{run_id}/explain", { params: { path: { run_id: id } }, signal })),
    staleTime: Infinity,
  });
}

export type RunAction = "cancel" | "pause" | "resume" | "retry";

/** What may be done with a run in each status. The service has the last word. */
export const ACTIONS = {
  planning: ["pause", "cancel"],
  planned: ["resume", "cancel"],
  running: ["pause", "cancel"],
  needs_input: ["cancel"],
  paused: ["resume", "cancel"],
  succeeded: [],
  failed: ["retry"],
  cancelled: ["retry"],
} as const satisfies Record<RunStatus, readonly RunAction[]>;

export function act(run: Pick<RunLine, "id">, action: RunAction) {
  const params = { path: { run_id: run.id } };
  switch (action) {
    case "cancel":
      return told(api.POST("/v1/runs/{run_id}/cancel", { params }));
    case "pause":
      return told(api.POST("/v1/runs/{run_id}/pause", { params }));
    case "resume":
      return told(api.POST("/v1/runs/{run_id}/resume", { params }));
    case "retry":
      return told(api.POST("/v1/runs/{run_id}/retry", { params }));
  }
}

/** Start a planned run by a plan that was made of its own. */
export function startBy(id: string, plan: string) {
  return told(api.POST("/v1/runs/{run_id}/resume", { params: { path: { run_id: id } }, body: { plan } }));
}

/** To each of the runs, which is judged alone. */
export function actOnMany(ids: readonly string[], action: BulkAction) {
  return told(api.POST("/v1/runs/bulk", { body: { action, ids: [...ids] } }));
}

export function retryFrom(id: string, step: string, edits: Record<string, unknown> = {}) {
  return told(
    api.POST("/v1/runs/{run_id}/retry", {
      params: { path: { run_id: id } },
      body: { from_step: step, edits },
    }),
  );
}

export function answer(id: string, question: string, value: unknown) {
  return told(
    api.POST("/v1/runs/{run_id}/answers", {
      params: { path: { run_id: id } },
      body: { answers: [{ id: question, value }] },
    }),
  );
}

/** Of the whole run, or of the output of a step. */
export function judge(id: string, step: number | null, verdict: "good" | "bad", comment: string) {
  const said = { verdict, comment };
  return told(
    api.POST("/v1/runs/{run_id}/feedback", {
      params: { path: { run_id: id } },
      body: step === null ? said : { comment: "", steps: [{ step: String(step), ...said }] },
    }),
  );
}

export function submit(body: RunIn, key: string) {
  return told(api.POST("/v1/runs", { body, params: { header: { "idempotency-key": key } } }));
}

export function upload(file: File) {
  const form = new FormData();
  form.append("file", file);
  return told(api.POST("/v1/artifacts", { body: { file: file.name }, bodySerializer: () => form }));
}

export function logout() {
  return told(api.POST("/v1/logout", {}));
}
