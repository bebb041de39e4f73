/** The two that are compared, as they stand in the address of the page. */

/** In the place of a second run: what the first one was believed to take. */
export const QUOTE = "quote";

export interface Pair {
  a?: string;
  b?: string;
}

export function readPair(search: Record<string, unknown>): Pair {
  const [a, b] = [search.a, search.b].map((id) => (typeof id === "string" && id !== "" ? id : undefined));
  return { ...(a && { a }), ...(b && { b }) };
}

/** How much one figure is above another, in words; null where there is nothing to say. */
export function apart(
  one: number | null | undefined,
  other: number | null | undefined,
  words: (size: number) => string,
  [more, less]: readonly [string, string],
): string | null {
  if (one == null || other == null) return null;
  const size = words(Math.abs(other - one));
  if (one === other || size === words(0)) return "the same";
  const share = one > 0 && words(one) !== words(0) ? Math.round((Math.abs(other - one) / one) * 100) : 0;
  const told = share > 0 && share < 1000 ? ` (${share} %)` : "";
  return `${size} ${other > one ? more : less}${told}`;
}
