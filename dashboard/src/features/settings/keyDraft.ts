/** What the form of a key holds, and the body that it makes. */
import type { ApiKey, Cap, KeyIn } from "@/api/types";

export interface KeyDraft {
  name: string;
  total: string;
  day: string;
  month: string;
  concurrency: string;
  rate: string;
}

export const NO_KEY: KeyDraft = { name: "", total: "", day: "", month: "", concurrency: "", rate: "" };

/** The periods of caps, each with its field. */
export const PERIODS = {
  total: "in all",
  day: "a day",
  month: "a month",
} as const satisfies Record<Cap["per"], string>;

const PERS = Object.keys(PERIODS) as Cap["per"][];

export function faults(draft: KeyDraft): Partial<Record<keyof KeyDraft, string>> {
  const wrong: Partial<Record<keyof KeyDraft, string>> = {};
  if (!draft.name.trim()) wrong.name = "Say who or what it is for.";
  for (const per of PERS)
    if (draft[per] && !/^\d{1,9}(\.\d{1,9})?$/.test(draft[per].trim()))
      wrong[per] = "Dollars, such as 5 or 0.50.";
  if (draft.concurrency && !/^[1-9]\d{0,5}$/.test(draft.concurrency))
    wrong.concurrency = "A whole number from 1.";
  if (draft.rate && !(Number(draft.rate) > 0)) wrong.rate = "A number over 0.";
  return wrong;
}

export function bodyOf(draft: KeyDraft): KeyIn {
  return {
    name: draft.name.trim(),
    caps: PERS.filter((per) => draft[per]).map((per) => ({ usd: draft[per].trim(), per })),
    limits: {
      concurrency: draft.concurrency ? Number(draft.concurrency) : null,
      rate: draft.rate ? Number(draft.rate) : null,
    },
  };
}

export function draftOf(key: ApiKey): KeyDraft {
  const cap = (per: Cap["per"]) => key.caps.find((one) => one.per === per)?.usd ?? "";
  return {
    name: key.name,
    total: cap("total"),
    day: cap("day"),
    month: cap("month"),
    concurrency: String(key.limits.concurrency ?? ""),
    rate: String(key.limits.rate ?? ""),
  };
}
