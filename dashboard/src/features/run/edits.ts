/** Arguments of a step as text that a person edits, and what of it has changed. */

export type Texts = Record<string, string>;

/** Words stay words; everything else is written as JSON. */
export function textsOf(values: Record<string, unknown>): Texts {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value, null, 2),
    ]),
  );
}

export interface Edited {
  edits: Record<string, unknown>;
  faults: Texts;
}

/** What differs from the arguments as they are; `faults` are by the name of the argument. */
export function edited(values: Record<string, unknown>, texts: Texts): Edited {
  const before = textsOf(values);
  const edits: Record<string, unknown> = {};
  const faults: Texts = {};
  for (const [name, text] of Object.entries(texts)) {
    if (text === before[name]) continue;
    if (typeof values[name] === "string") edits[name] = text;
    else
      try {
        edits[name] = JSON.parse(text);
      } catch {
        faults[name] = 'This is no JSON: a number, true, "text in quotes", [a list] or {"an": "object"}.';
      }
  }
  return { edits, faults };
}

/** What the service says of one argument, of all that it refused. */
export function faultOf(
  fields: readonly { path: string; detail: string }[],
  name: string,
): string | undefined {
  const here = `/edits/${name}`;
  return fields.find(({ path }) => path === here || path.startsWith(`${here}/`))?.detail;
}
