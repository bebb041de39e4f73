/** The filter of the list as it stands in the address of the page, so that a link shows the same runs. */
import type { RunQuery, RunStatus } from "@/api/types";
import { RUN_LOOKS } from "@/components/Status";

/** How far back; empty means ever. */
export const SPANS = { hour: 3_600, day: 86_400, week: 604_800 } as const;
export type Span = keyof typeof SPANS;

/** The ends of ranges in time. Each range holds its first moment and not its last. */
export const MOMENTS = ["since", "until", "finished_since", "finished_until"] as const;
export type Moment = (typeof MOMENTS)[number];
export const PRICES = ["usd_from", "usd_until"] as const;
export type Price = (typeof PRICES)[number];

export interface Filter extends Partial<Record<Moment | Price, string>> {
  status?: RunStatus[];
  label?: string[];
  q?: string;
  within?: Span;
  /** Not ended, and unmoved for so many seconds. */
  quiet?: number;
  retrying?: true;
}

export const STATUSES = Object.keys(RUN_LOOKS) as RunStatus[];

/** Dollars as the API takes them. */
export function isPrice(text: string): boolean {
  return /^\d{1,9}(\.\d{1,9})?$/.test(text);
}

/** Of what stands in an address, only what is understood. */
export function readFilter(search: Record<string, unknown>): Filter {
  const status = list(search.status).filter((word): word is RunStatus => word in RUN_LOOKS);
  const label = list(search.label).filter((word) => word.includes(":"));
  const { within, quiet } = search;
  const q = word(search.q);
  const filter: Filter = {
    ...(status.length > 0 && { status }),
    ...(label.length > 0 && { label }),
    ...(q && { q }),
    ...(typeof within === "string" && within in SPANS && { within: within as Span }),
    ...(typeof quiet === "number" && quiet >= 0 && quiet <= 1e9 && { quiet }),
    ...(search.retrying === true && { retrying: true as const }),
  };
  for (const name of PRICES) if (isPrice(word(search[name]))) filter[name] = word(search[name]);
  for (const name of MOMENTS) {
    const at = Date.parse(word(search[name]));
    if (Number.isFinite(at)) filter[name] = new Date(at).toISOString();
  }
  return filter;
}

/** The router reads what looks like a number in an address as one. */
function word(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function list(value: unknown): string[] {
  const many: unknown[] = Array.isArray(value) ? value : [value];
  return many.filter((one): one is string => typeof one === "string");
}

/** The filter with one part changed, or without it. */
export function put<Name extends keyof Filter>(
  filter: Filter,
  name: Name,
  value: Filter[Name] | undefined,
): Filter {
  const rest: Filter = Object.fromEntries(Object.entries(filter).filter(([key]) => key !== name));
  return value === undefined ? rest : { ...rest, [name]: value };
}

/** How many parts of it are not on the page's first line. */
export function hidden({ quiet, retrying, ...rest }: Filter): number {
  const named = [...MOMENTS, ...PRICES].filter((name) => rest[name] !== undefined);
  return named.length + (quiet === undefined ? 0 : 1) + (retrying ? 1 : 0);
}

/** As the API takes it. A span begins at a whole minute: the answer to an unchanged filter can be kept. */
export function asked({ within, ...rest }: Filter, now: number): RunQuery {
  const minute = Math.floor(now / 60_000) * 60_000;
  const begin = within && new Date(minute - SPANS[within] * 1000).toISOString();
  // Of two beginnings the later one says more.
  const since = [begin, rest.since].filter((at) => at !== undefined).sort();
  return { ...rest, ...(since.length > 0 && { since: since.at(-1) ?? null }) };
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

/** A moment as a field for times has it, in the reader's own zone; and back. */
export function local(at: string | undefined): string {
  if (at === undefined) return "";
  const moment = new Date(at);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function absolute(given: string): string | undefined {
  const at = Date.parse(given);
  return Number.isFinite(at) ? new Date(at).toISOString() : undefined;
}
