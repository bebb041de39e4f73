/** What the form holds, and the run that it asks for. */
import type { RunIn } from "@/api/types";

export type Mode = NonNullable<RunIn["mode"]>;

export interface Draft {
  request: string;
  files: { name: string; artifact: string }[];
  /** 0: quality alone; 2: cost alone. */
  alpha: number;
  usd: string;
  seconds: string;
  quality: string;
  mode: Mode;
  labels: string;
}

export const EMPTY: Draft = {
  request: "",
  files: [],
  alpha: 1,
  usd: "",
  seconds: "",
  quality: "",
  mode: "auto",
  labels: "",
};

export const MODES = {
  auto: "Run at once",
  approve: "Plan, then ask me",
  plan: "Plan only",
} as const satisfies Record<Mode, string>;

/** By field, what is wrong with it; empty for a draft that may go. */
export function faults(draft: Draft): Partial<Record<keyof Draft, string>> {
  const wrong: Partial<Record<keyof Draft, string>> = {};
  if (!draft.request.trim()) wrong.request = "Say what you want done.";
  if (!amount(draft.usd, 0)) wrong.usd = "Dollars, such as 0.50.";
  if (!amount(draft.seconds, 0.001)) wrong.seconds = "Seconds, such as 120.";
  if (!amount(draft.quality, 0, 1)) wrong.quality = "Between 0 and 1.";
  if (labelled(draft.labels).some(({ length }) => length !== 2)) wrong.labels = "As key:value, by commas.";
  return wrong;
}

function amount(text: string, least: number, most = Infinity): boolean {
  if (!text.trim()) return true;
  const value = Number(text);
  return Number.isFinite(value) && value >= least && value <= most;
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

/** The body of the run; files are named as the command line names them. */
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
    mode: draft.mode,
    preference: { alpha: draft.alpha },
    ...(draft.files.length > 0 && { inputs }),
    ...(Object.keys(budget).length > 0 && { budget }),
    ...(draft.labels.trim() && { labels }),
  } as RunIn;
}
