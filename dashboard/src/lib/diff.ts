/** What differs between two values: by words for prose, by lines for everything else. */
import { diffLines, diffWordsWithSpace } from "diff";

export interface Part {
  kind: "same" | "gone" | "new";
  text: string;
}

export interface Difference {
  by: "words" | "lines";
  /** null where the two are too long, or too different, to be set against one another. */
  parts: Part[] | null;
}

const MOST_CHARACTERS = 200_000;
const MOST_MILLISECONDS = 300;
/** From so many lines on a text is compared by lines. */
const MANY_LINES = 20;

export function difference(one: unknown, other: unknown, wanted?: Difference["by"]): Difference {
  const prose = typeof one === "string" && typeof other === "string";
  const short = prose && lines(one) < MANY_LINES && lines(other) < MANY_LINES;
  const by = wanted ?? (short ? "words" : "lines");
  const [before, after] = [textOf(one), textOf(other)];
  if (before.length + after.length > MOST_CHARACTERS) return { by, parts: null };
  const found =
    by === "words"
      ? diffWordsWithSpace(before, after, { timeout: MOST_MILLISECONDS })
      : diffLines(ended(before), ended(after), { timeout: MOST_MILLISECONDS });
  const parts = found?.map(({ added, removed, value }): Part => {
    return { kind: added ? "new" : removed ? "gone" : "same", text: value };
  });
  return { by, parts: parts ?? null };
}

/** A value as text: JSON with sorted keys; the rows of a list a line each. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined) return "";
  return JSON.stringify(sorted(value), null, 2);
}

export function alike(one: unknown, other: unknown): boolean {
  return textOf(one) === textOf(other) && typeof one === typeof other;
}

/** Long stretches that are the same, cut to what stands next to a difference. */
export function shortened(parts: readonly Part[], by: Difference["by"]): Part[] {
  const keep = by === "words" ? 25 : 3;
  return parts.map((part, at) => {
    if (part.kind !== "same") return part;
    const units = by === "words" ? part.text.split(/(?<=\s)/) : part.text.split(/(?<=\n)/);
    if (units.length <= 2 * keep + 2) return part;
    const head = at === 0 ? [] : units.slice(0, keep);
    const tail = at === parts.length - 1 ? [] : units.slice(-keep);
    const left = units.length - head.length - tail.length;
    const gap = by === "words" ? "… " : `… ${left} lines the same\n`;
    return { kind: "same", text: head.join("") + gap + tail.join("") };
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(fields.map(([name, inner]) => [name, sorted(inner)]));
}

function lines(text: string): number {
  return text.split("\n").length;
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
