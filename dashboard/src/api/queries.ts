/** How answers are kept: what failed for good is not asked again, what did not answer is. */
import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/client";

const MOST_RETRIES = 2;

/** Called when the service no longer knows this browser. */
let whenLoggedOut: () => void = () => undefined;

export function onLoggedOut(act: () => void): void {
  whenLoggedOut = act;
}

export const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof ApiError && error.status === 401) whenLoggedOut();
    },
  }),
  defaultOptions: {
    queries: {
      retry: (failures, error) =>
        !(error instanceof ApiError && error.status < 500) && failures < MOST_RETRIES,
      staleTime: 1_000,
    },
    mutations: { retry: false },
  },
});
