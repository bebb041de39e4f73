/** The filter of the list as it stands in the address of the page, so that a link shows the same runs. */
import type { RunQuery, RunStatus } from "@/api/types";
import { RUN_LOOKS } from "@/components/Status";

/** How far back; empty means ever. */
export const SPANS = { hour: 3_600, day: 86_400, week: 604_800 } as const;
export type Span = keyof typeof SPANS;

export interface Filter {
  status?: RunStatus[];
  label?: string[];
  q?: string;
  within?: Span;
}

export const STATUSES = Object.keys(RUN_LOOKS) as RunStatus[];

/** Of what stands in an address, only what is understood. */
export function readFilter(search: Record<string, unknown>): Filter {
  const status = list(search.status).filter((word): word is RunStatus => word in RUN_LOOKS);
  const label = list(search.label).filter((word) => word.includes(":"));
  const q = typeof search.q === "string" ? search.q : typeof search.q === "number" ? String(search.q) : "";
  const within = search.within;
  return {
    ...(status.length > 0 && { status }),
    ...(label.length > 0 && { label }),
    ...(q && { q }),
    ...(typeof within === "string" && within in SPANS && { within: within as Span }),
  };
}

function list(value: unknown): string[] {
  const many: unknown[] = Array.isArray(value) ? value : [value];
  return many.filter((one): one is string => typeof one === "string");
}

/** As the API takes it. A span begins at a whole minute: the answer to an unchanged filter can be kept. */
export function asked(filter: Filter, now: number): RunQuery {
  const minute = Math.floor(now / 60_000) * 60_000;
  return {
    ...(filter.status && { status: filter.status }),
    ...(filter.label && { label: filter.label }),
    ...(filter.q && { q: filter.q }),
    ...(filter.within && { since: new Date(minute - SPANS[filter.within] * 1000).toISOString() }),
  };
}

/** As the query of an address of the API. */
export function addressed(query: RunQuery): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value])
      if (one != null) words.append(name, String(one));
  const text = words.toString();
  return text ? `/v1/runs?${text}` : "/v1/runs";
}
