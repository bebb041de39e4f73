/** What calls of a tool came to, as points of a chart. */
import type { Evidence } from "@/api/types";

export interface Point {
  /** 0 for the oldest, 1 for the newest. */
  x: number;
  /** The share of the greatest value. */
  y: number;
  failed: boolean;
}

export interface Series {
  points: Point[];
  /** At each point the mean so far, in which old values count less and less, as in what is believed. */
  mean: { x: number; y: number }[];
  most: number;
  last: number | null;
}

/** The weight of all before, at each new value: that of the service's own beliefs. */
const DECAY = 0.98;

/** `evidence` is newest first, as the service tells it; what has no value is left out. */
export function seriesOf(
  evidence: readonly Evidence[],
  value: (one: Evidence) => number | null,
  least = 0,
): Series {
  const known = [...evidence]
    .sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
    .map((one) => ({ one, value: value(one) }))
    .filter((pair): pair is { one: Evidence; value: number } => pair.value !== null);
  const most = Math.max(least, ...known.map((pair) => pair.value));
  const x = (at: number) => (known.length > 1 ? at / (known.length - 1) : 1);
  const share = (of: number) => (most > 0 ? of / most : 0);
  let total = 0;
  let weight = 0;
  const means = known.map((pair) => {
    total = total * DECAY + pair.value;
    weight = weight * DECAY + 1;
    return total / weight;
  });
  return {
    points: known.map(({ one, value: of }, at) => ({
      x: x(at),
      y: share(of),
      failed: one.status === "failed",
    })),
    mean: means.map((of, at) => ({ x: x(at), y: share(of) })),
    most,
    last: means.at(-1) ?? null,
  };
}
