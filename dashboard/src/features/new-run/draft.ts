/** What the form holds, and the run that it asks for. */
import type { RunIn } from "@/api/types";
import { NO_WISH, wishFaults, type Wish } from "@/api/wish";

/** What is done with the words: planned and shown first, or a run in one of its modes. */
export type Start = "first" | Exclude<NonNullable<RunIn["mode"]>, "plan">;

export interface Draft extends Wish {
  request: string;
  files: { name: string; artifact: string }[];
  start: Start;
  labels: string;
}

export const EMPTY: Draft = { ...NO_WISH, request: "", files: [], start: "auto", labels: "" };

export const STARTS = {
  auto: "Run at once",
  first: "Plan first",
  approve: "Plan, then ask me",
} as const satisfies Record<Start, string>;

/** By field, what is wrong with it; empty for a draft that may go. */
export function faults(draft: Draft): Partial<Record<keyof Draft, string>> {
  const wrong: Partial<Record<keyof Draft, string>> = { ...wishFaults(draft) };
  if (!draft.request.trim()) wrong.request = "Say what you want done.";
  if (labelled(draft.labels).some(({ length }) => length !== 2)) wrong.labels = "As key:value, by commas.";
  return wrong;
}

function labelled(text: string): string[][] {
  return text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean)
    .map((one) => {
      const colon = one.indexOf(":");
      return colon > 0 ? [one.slice(0, colon), one.slice(colon + 1)] : [one];
    });
}

/** The body of the run, or of the plan; files are named as the command line names them. */
export function bodyOf(draft: Draft): RunIn {
  const inputs = Object.fromEntries(
    draft.files.map(({ artifact }, number) => [number === 0 ? "file" : `file${number + 1}`, { artifact }]),
  );
  const labels = Object.fromEntries(labelled(draft.labels)) as Record<string, string>;
  const budget = {
    ...(draft.usd.trim() && { usd: draft.usd.trim() }),
    ...(draft.seconds.trim() && { seconds: Number(draft.seconds) }),
    ...(draft.quality.trim() && { min_quality: Number(draft.quality) }),
  };
  return {
    request: draft.request.trim(),
    ...(draft.start !== "first" && { mode: draft.start }),
    preference: { alpha: draft.alpha },
    ...(draft.files.length > 0 && { inputs }),
    ...(Object.keys(budget).length > 0 && { budget }),
    ...((draft.only.length > 0 || draft.without.length > 0) && {
      tools: { include: draft.only, exclude: draft.without },
    }),
    ...(draft.labels.trim() && { labels }),
  } as RunIn;
}
