/** Plans without a run: made, quoted anew, edited, run. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { Edit, RunIn, RunPlanIn, SearchIn, Terms } from "@/api/types";

export function planQuery(id: string) {
  return queryOptions({
    queryKey: ["plan", id],
    queryFn: ({ signal }) =>
      told(api.GET("/v1/plans/{plan_id}", { params: { path: { plan_id: id } }, signal })),
    // A stored plan never changes; what it is quoted at does.
    staleTime: Infinity,
  });
}

/** The plan under other terms. Its quote before stands until this one is there. */
export function quoteQuery(id: string, terms: Terms) {
  return queryOptions({
    queryKey: ["quote", id, terms],
    queryFn: ({ signal }) =>
      told(
        api.POST("/v1/plans/{plan_id}/quote", {
          params: { path: { plan_id: id } },
          body: { ...terms, explain: false },
          signal,
        }),
      ),
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
    staleTime: 10_000,
  });
}

export function makePlan(body: RunIn) {
  return told(api.POST("/v1/plans", { body }));
}

export function editPlan(id: string, edits: Edit[], terms: Terms) {
  return told(
    api.PATCH("/v1/plans/{plan_id}", { params: { path: { plan_id: id } }, body: { ...terms, edits } }),
  );
}

export function runPlan(id: string, body: RunPlanIn, key: string) {
  return told(
    api.POST("/v1/plans/{plan_id}/runs", {
      params: { path: { plan_id: id }, header: { "idempotency-key": key } },
      body,
    }),
  );
}

/** Tools for words: what a person may mean who types a part of a name, or what it does. */
export function namesQuery(words: string) {
  return queryOptions({
    queryKey: ["tools", "names", words],
    queryFn: async ({ signal }) => {
      const body = { query: words, k: 8 } as SearchIn;
      const { items } = await told(api.POST("/v1/tools/search", { body, signal }));
      return items.map(({ name, summary }) => ({ name, summary }));
    },
    enabled: words.trim().length > 1,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}
