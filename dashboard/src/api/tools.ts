/** Tools: found, read, tried, and kept in order. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { ToolKind, ToolsQuery } from "@/api/types";

const PAGE = 50;

/** Every tool by its name, whatever its state. */
export function toolsQuery(filter: ToolsQuery) {
  return infiniteQueryOptions({
    queryKey: ["tools", filter],
    queryFn: ({ pageParam, signal }) =>
      told(
        api.GET("/v1/tools", { params: { query: { ...filter, limit: PAGE, cursor: pageParam } }, signal }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
}

export interface Wanted {
  query: string;
  k: number;
  filter: { kind: ToolKind[]; sources: string[] };
}

/** What the planner is offered for these words, best first. */
export function searchQuery(wanted: Wanted) {
  return queryOptions({
    queryKey: ["tools", "search", wanted],
    queryFn: ({ signal }) => told(api.POST("/v1/tools/search", { body: wanted as never, signal })),
  });
}

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: ({ signal }) => told(api.GET("/v1/sources", { signal })),
});

export function toolQuery(name: string) {
  return queryOptions({
    queryKey: ["tool", name],
    queryFn: ({ signal }) => told(api.GET("/v1/tools/{name}", { params: { path: { name } }, signal })),
  });
}

export function versionsQuery(name: string) {
  return queryOptions({
    queryKey: ["tool", name, "versions"],
    queryFn: ({ signal }) =>
      told(api.GET("/v1/tools/{name}/versions", { params: { path: { name } }, signal })),
  });
}

export function beliefsQuery(name: string) {
  return queryOptions({
    queryKey: ["tool", name, "beliefs"],
    queryFn: ({ signal }) =>
      told(api.GET("/v1/tools/{name}/beliefs", { params: { path: { name } }, signal })),
  });
}

export function evidenceQuery(name: string) {
  return queryOptions({
    queryKey: ["tool", name, "evidence"],
    queryFn: ({ signal }) =>
      told(api.GET("/v1/tools/{name}/evidence", { params: { path: { name } }, signal })),
  });
}

export function approve(name: string, hash: string) {
  return told(api.POST("/v1/tools/{name}/approve", { params: { path: { name } }, body: { hash } }));
}

export function disable(name: string, reason: string) {
  return told(api.POST("/v1/tools/{name}/disable", { params: { path: { name } }, body: { reason } }));
}

export function enable(name: string) {
  return told(api.POST("/v1/tools/{name}/enable", { params: { path: { name } } }));
}

export function remove(name: string) {
  return told(api.DELETE("/v1/tools/{name}", { params: { path: { name } } }));
}

export function invoke(name: string, given: Record<string, unknown>) {
  return told(
    api.POST("/v1/tools/{name}/invoke", { params: { path: { name } }, body: { arguments: given } }),
  );
}
