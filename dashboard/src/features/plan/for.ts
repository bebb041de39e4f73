/** The run, if any, whose plan is looked at before it is approved; it stands in the address. */
export interface For {
  run?: string;
}

export function readFor(search: Record<string, unknown>): For {
  return typeof search.run === "string" && search.run ? { run: search.run } : {};
}
