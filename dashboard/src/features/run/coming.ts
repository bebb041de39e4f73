/** What a question is about: the calls that its answer lets go, and the answer that stands if nobody gives one. */
import type { Effect, Question, QuestionKind, StoredPlan } from "@/api/types";
import { choicesOf } from "@/features/run/answers";
import { money } from "@/lib/format";

export const KINDS = {
  value: "A value is missing",
  plan_approval: "Approval of a plan",
  step_approval: "Approval of a call",
  repeat_once: "A call was cut off",
  undo_failed: "An undo failed",
  tool_asks: "A tool asks",
} as const satisfies Record<QuestionKind, string>;

export const EFFECTS = {
  read: "Only reads",
  idempotent: "Changes something; a repeat changes nothing more",
  once: "Changes something, and again with each repeat",
} as const satisfies Record<Effect, string>;

/** A call as a person should see it before it is made. */
export interface Coming {
  goal: string | null;
  tool: string;
  effect: Effect | null;
  cost: string | null;
  arguments: Record<string, unknown> | null;
}

/** The one call that a question is about; null where it is about none, or about a whole plan. */
export function callOf({ detail, subtask, kind }: Question): Coming | null {
  if (typeof detail?.tool !== "string") return null;
  const { effect, worst_usd } = detail;
  return {
    goal: subtask,
    tool: detail.tool,
    // What is asked about after a cut-off call is asked because its effect cannot be repeated at will.
    effect: isEffect(effect) ? effect : kind === "repeat_once" ? "once" : null,
    cost: typeof worst_usd === "string" ? `at most ${money(worst_usd)}` : null,
    arguments: isObject(detail.arguments) ? detail.arguments : null,
  };
}

/** The calls that a plan would make, in its order. */
export function callsOf({ plan, path }: StoredPlan): Coming[] {
  return plan.subtasks.flatMap(({ id, goal, options }) => {
    const chosen = options.find((option) => option.id === path?.choices[id]) ?? options[0];
    const cost = chosen ? `about ${money(chosen.estimate.usd)}` : null;
    return (chosen?.calls ?? []).map((call, place) => ({
      goal,
      tool: call.tool,
      effect: null,
      cost: place === 0 ? cost : null,
      arguments: call.arguments,
    }));
  });
}

/** The id of the plan that is to be approved. */
export function planOf({ kind, detail }: Question): string | null {
  return kind === "plan_approval" && typeof detail?.plan === "string" ? detail.plan : null;
}

/** The address that a tool wants visited; none that is not a page of the web. */
export function addressOf({ detail }: Question): string | null {
  const url = detail?.url;
  return typeof url === "string" && /^https?:\/\//i.test(url) ? url : null;
}

/** The answer, in words, that stands once the time is over; null where there is time without end. */
export function defaultOf(question: Question): string | null {
  if (!question.expires_at) return null;
  const value = question.detail?.default;
  return choicesOf(question).find((choice) => choice.value === value)?.word ?? JSON.stringify(value);
}

function isEffect(value: unknown): value is Effect {
  return typeof value === "string" && value in EFFECTS;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
