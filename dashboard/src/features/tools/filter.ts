/** Which tools the page shows, as its address says it. */
import type { ToolKind, ToolsQuery, ToolStatus } from "@/api/types";
import { KINDS, TOOL_LOOKS } from "@/components/ToolStatus";

export const KIND_NAMES = Object.keys(KINDS) as ToolKind[];
export const STATUSES = Object.keys(TOOL_LOOKS) as ToolStatus[];

export interface Filter {
  q?: string;
  kind?: ToolKind[];
  source?: string;
  status?: ToolStatus[];
}

/** What is no filter in an address counts as not there. */
export function readFilter(search: Record<string, unknown>): Filter {
  const { source } = search;
  const q = typeof search.q === "number" ? String(search.q) : search.q;
  const kind = KIND_NAMES.filter((one) => [search.kind].flat().includes(one));
  const status = STATUSES.filter((one) => [search.status].flat().includes(one));
  return {
    ...(typeof q === "string" && q && { q }),
    ...(kind.length > 0 && { kind }),
    ...(typeof source === "string" && source && { source }),
    ...(status.length > 0 && { status }),
  };
}

/** Words are given to the retriever, which knows active tools alone; other states are listed by name. */
export function ranked(filter: Filter): boolean {
  return Boolean(filter.q) && (filter.status ?? ["active"]).join() === "active";
}

/** The filter as the list of tools takes it. */
export function listed(filter: Filter): ToolsQuery {
  const { q, kind, source, status } = filter;
  return {
    ...(q && { q }),
    ...(kind && { kind }),
    ...(source && { source: [source] }),
    ...(status && { status }),
  };
}

/** The list's address, with its query. */
export function addressed(filter: Filter): string {
  const query = new URLSearchParams();
  for (const [name, given] of Object.entries(filter))
    for (const one of [given].flat() as string[]) query.append(name, one);
  const text = query.toString();
  return `/v1/tools${text && `?${text}`}`;
}

/** A part of the filter put in or, where there is nothing of it, left out. */
export function changed<K extends keyof Filter>(filter: Filter, name: K, value: Filter[K]): Filter {
  const rest = Object.fromEntries(Object.entries(filter).filter(([key]) => key !== name)) as Filter;
  return value?.length ? { ...rest, [name]: value } : rest;
}
