/** Two runs, or a run and its quote, beside one another. */
import { queryOptions } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { ended, runQuery } from "@/api/runs";

/** How runs that go on are looked at again. */
const EVERY = 2_000;

export function diffQuery(id: string, other: string) {
  return queryOptions({
    queryKey: ["diff", id, other],
    queryFn: ({ signal }) =>
      told(api.GET("/v1/runs/{run_id}/diff/{other}", { params: { path: { run_id: id, other } }, signal })),
    refetchInterval: ({ state: { data } }) =>
      data && ended(data.status.one) && ended(data.status.other) ? false : EVERY,
  });
}

export function quoteDiffQuery(id: string) {
  return queryOptions({
    queryKey: ["diff", id, "quote"],
    queryFn: ({ signal }) =>
      told(api.GET("/v1/runs/{run_id}/diff/quote", { params: { path: { run_id: id } }, signal })),
    refetchInterval: ({ state: { data } }) => (data?.wall_seconds.actual == null ? EVERY : false),
  });
}

/** A run that is only looked at now and then. */
export function lookedAtQuery(id: string) {
  return queryOptions({
    ...runQuery(id),
    refetchInterval: ({ state: { data } }) => (data && ended(data.status) ? false : EVERY),
  });
}

/** The words of a kept file. It never changes: its id follows from its content. */
export function textQuery(artifact: string) {
  return queryOptions({
    queryKey: ["artifact text", artifact],
    queryFn: ({ signal }) =>
      told(
        api.GET("/v1/artifacts/{artifact_id}", {
          params: { path: { artifact_id: artifact } },
          parseAs: "text",
          signal,
        }),
      ),
    staleTime: Infinity,
  });
}
