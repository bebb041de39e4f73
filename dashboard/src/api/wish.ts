/** What a person wishes of a plan, as the fields hold it, and the terms that it comes to. */
import { ApiError } from "@/api/client";
import type { StoredPlan, Terms } from "@/api/types";

export interface Wish {
  /** 0: quality alone; 2: cost alone. */
  alpha: number;
  usd: string;
  seconds: string;
  quality: string;
  /** Tools, or tags as `tag:…`: those left out, and those that alone may be used (none: all). */
  without: string[];
  only: string[];
}

export const NO_WISH: Wish = { alpha: 1, usd: "", seconds: "", quality: "", without: [], only: [] };

export type Faults = Partial<Record<keyof Wish, string>>;

/** By field, what is wrong with it. */
export function wishFaults(wish: Wish): Faults {
  const wrong: Faults = {};
  if (!amount(wish.usd, 0)) wrong.usd = "Dollars, such as 0.50.";
  if (!amount(wish.seconds, 0.001)) wrong.seconds = "Seconds, such as 120.";
  if (!amount(wish.quality, 0, 1)) wrong.quality = "Between 0 and 1.";
  return wrong;
}

function amount(text: string, least: number, most = Infinity): boolean {
  if (!text.trim()) return true;
  const value = Number(text);
  return Number.isFinite(value) && value >= least && value <= most;
}

function numbered(text: string): number | null {
  return text.trim() && Number.isFinite(Number(text)) ? Number(text) : null;
}

const PLACES: Record<string, keyof Wish> = {
  "/preference/alpha": "alpha",
  "/budget/usd": "usd",
  "/budget/seconds": "seconds",
  "/budget/min_quality": "quality",
  "/tools/exclude": "without",
  "/tools/include": "only",
};

/** By field, what a refusal says of it. */
export function refusedFields(error: Error | null): Faults {
  const wrong: Faults = {};
  if (!(error instanceof ApiError)) return wrong;
  for (const { path, detail } of error.fields) {
    const name = PLACES[path.replace(/\/\d+$/, "")];
    if (name) wrong[name] ??= detail;
  }
  return wrong;
}

/** What a stored plan was made under. */
export function wishOf({ preference, budget, tools }: StoredPlan): Wish {
  return {
    alpha: preference.alpha,
    usd: budget.usd ?? "",
    seconds: String(budget.seconds ?? ""),
    quality: String(budget.min_quality ?? ""),
    without: tools.exclude,
    only: tools.include,
  };
}

/** The terms in full; of what the fields do not hold, the plan's own. */
export function termsOf(
  wish: Wish,
  { preference, budget }: Pick<StoredPlan, "preference" | "budget">,
): Terms {
  return {
    preference: { ...preference, alpha: wish.alpha },
    budget: {
      usd: wish.usd.trim() || null,
      seconds: numbered(wish.seconds),
      tokens: budget.tokens,
      min_quality: numbered(wish.quality),
    },
    tools: { include: wish.only, exclude: wish.without },
  };
}

/** With or without one more name; the names stay as they were where it is there already. */
export function withName(names: readonly string[], name: string): string[] {
  const given = name.trim();
  return given && !names.includes(given) ? [...names, given] : [...names];
}
