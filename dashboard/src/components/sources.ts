/** Words for who judged an output. */
import type { VerdictSource } from "@/api/types";

export const SOURCES = {
  schema: "the check of its form",
  rule: "a rule",
  scorer: "a scorer",
  model: "a model",
  person: "a person",
} as const satisfies Record<VerdictSource, string>;
