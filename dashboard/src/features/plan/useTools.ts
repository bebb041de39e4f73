/** What tools take and give, by name, as far as forms need to know it. */
import { useQueries } from "@tanstack/react-query";
import { toolQuery } from "@/api/tools";
import type { Takes } from "@/features/plan/edits";

export interface Shape extends Takes {
  /** The fields of what it gives. */
  gives: string[];
}

/** Those that are known yet; a name that no tool has is left out. */
export function useTools(names: readonly string[]): ReadonlyMap<string, Shape> {
  const wanted = [...new Set(names.map((name) => name.trim()).filter(Boolean))];
  return useQueries({
    queries: wanted.map((name) => ({ ...toolQuery(name), retry: false })),
    combine: (found) =>
      new Map(
        found.flatMap(({ data }) =>
          data ? [[data.name, shapeOf(data.input_schema, data.output_schema)] as const] : [],
        ),
      ),
  });
}

type Schema = Record<string, unknown>;

export function shapeOf(takes: Schema, gives: Schema): Shape {
  return {
    fields: (takes.properties ?? {}) as Takes["fields"],
    required: (takes.required ?? []) as string[],
    gives: Object.keys(gives.properties ?? {}),
  };
}
