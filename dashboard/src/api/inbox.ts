/** What waits for a person, over all runs, and what it is about. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, told } from "@/api/client";

const PAGE = 50;
/** Read anew when something changes (`changes`); this is for what that may miss. */
const EVERY = 30_000;

export function inboxQuery() {
  return infiniteQueryOptions({
    queryKey: ["inbox"],
    queryFn: ({ pageParam, signal }) =>
      told(api.GET("/v1/inbox", { params: { query: { limit: PAGE, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    refetchInterval: EVERY,
  });
}

export function inboxCountQuery() {
  return queryOptions({
    queryKey: ["inbox-count"],
    queryFn: ({ signal }) => told(api.GET("/v1/inbox/count", { signal })),
    refetchInterval: EVERY,
  });
}
