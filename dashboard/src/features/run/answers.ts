/** Which answers a question takes, and what somebody typed as one of them. */
import type { Question } from "@/api/types";

export interface Choice {
  word: string;
  value: unknown;
  good: boolean;
}

type Asked = Pick<Question, "kind" | "schema">;

/** The schema of a free answer; null where one of the choices is all that can be said. */
export function formOf(question: Asked): Record<string, unknown> | null {
  if (question.kind === "value") return listed(question.schema) ? null : question.schema;
  if (question.kind !== "tool_asks") return null;
  const forms = question.schema.anyOf;
  const form: unknown = Array.isArray(forms) ? forms[0] : null;
  return typeof form === "object" && form !== null ? (form as Record<string, unknown>) : null;
}

/** The answers that a press gives; none where any value of the schema is one. */
export function choicesOf(question: Asked): Choice[] {
  switch (question.kind) {
    case "plan_approval":
      return [
        { word: "Approve", value: true, good: true },
        { word: "Reject", value: false, good: false },
      ];
    case "step_approval":
      return [
        { word: "Approve", value: "approve", good: true },
        { word: "Reject", value: "reject", good: false },
      ];
    case "repeat_once":
      return [
        { word: "Repeat the call", value: "repeat", good: true },
        { word: "Take it as done", value: "skip", good: false },
        { word: "Let it fail", value: "fail", good: false },
      ];
    case "undo_failed":
      return [
        { word: "Try it again", value: "retry", good: true },
        { word: "I undid it by hand", value: "done", good: false },
        { word: "Let the effect stand", value: "leave", good: false },
      ];
    case "value":
      return listed(question.schema) ?? [];
    case "tool_asks":
      return [
        ...(formOf(question) ? [] : [{ word: "Accept", value: "accept", good: true }]),
        { word: "Decline", value: "decline", good: false },
        { word: "Cancel the call", value: "cancel", good: false },
      ];
  }
}

function listed(schema: Record<string, unknown>): Choice[] | null {
  if (schema.type === "boolean")
    return [
      { word: "Yes", value: true, good: true },
      { word: "No", value: false, good: false },
    ];
  const given = schema.enum;
  if (!Array.isArray(given) || given.length > 12) return null;
  return given.map((value: unknown) => ({ word: String(value), value, good: true }));
}

/** Text where the schema lets it be text, else JSON. The service checks the value; this only reads it. */
export function valueOf(
  text: string,
  schema: Record<string, unknown>,
): { value: unknown } | { fault: string } {
  const types = [schema.type].flat();
  const given = text.trim();
  if (!given) return { fault: "Type an answer." };
  if (types.includes("number") || types.includes("integer")) {
    const value = Number(given);
    if (Number.isFinite(value)) return { value };
    if (!types.includes("string")) return { fault: "A number is asked for." };
  }
  if (types.includes("string") || types[0] === undefined) return { value: text };
  try {
    return { value: JSON.parse(given) as unknown };
  } catch {
    return { fault: `JSON of type ${types.join(" or ")} is asked for.` };
  }
}
