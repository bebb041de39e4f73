/** What will happen once a question is answered: each call with its effect, its cost and its arguments. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { toolQuery } from "@/api/tools";
import { planQuery } from "@/api/plans";
import type { Question } from "@/api/types";
import { Json } from "@/components/Json";
import { Failure } from "@/components/Notice";
import { addressOf, callOf, callsOf, EFFECTS, planOf, type Coming } from "@/features/run/coming";

/** Characters of arguments that are shown without being asked for. */
const SHOWN = 300;

export function Happening({ question }: { question: Question }) {
  const call = callOf(question);
  const plan = planOf(question);
  const address = addressOf(question);
  if (plan) return <Planned id={plan} />;
  return (
    <>
      {call && <Calls calls={[call]} />}
      {address && (
        <a
          href={address}
          target="_blank"
          rel="noopener noreferrer"
          className="inline-flex max-w-full items-center gap-1.5 break-all text-accent underline"
        >
          <ExternalLink aria-hidden className="size-4 shrink-0" /> {address}
        </a>
      )}
    </>
  );
}

function Planned({ id }: { id: string }) {
  const plan = useQuery(planQuery(id));
  const calls = plan.data ? callsOf(plan.data) : [];
  const names = [...new Set(calls.map(({ tool }) => tool))];
  const records = useQueries({ queries: names.map((name) => toolQuery(name)) });
  const effects = new Map(names.map((name, place) => [name, records[place]?.data?.effect ?? null]));
  if (plan.error) return <Failure error={plan.error} again={() => void plan.refetch()} />;
  if (!plan.data)
    return <div role="status" aria-label="Loading" className="h-10 animate-pulse rounded bg-sunken" />;
  return <Calls calls={calls.map((call) => ({ ...call, effect: effects.get(call.tool) ?? null }))} />;
}

function Calls({ calls }: { calls: readonly Coming[] }) {
  return (
    <ol aria-label="What would happen" className="divide-y rounded-md border">
      {calls.map((call, place) => (
        <li key={place} className="space-y-1 px-3 py-2">
          <p className="flex flex-wrap items-baseline gap-x-3">
            <code className="font-medium break-all">{call.tool}</code>
            {call.goal && <span className="text-soft">{call.goal}</span>}
          </p>
          <p className="text-[0.9rem] text-soft">
            {[call.effect && EFFECTS[call.effect], call.cost].filter(Boolean).join(" · ")}
          </p>
          {call.arguments && Object.keys(call.arguments).length > 0 && (
            <details open={JSON.stringify(call.arguments).length <= SHOWN}>
              <summary className="text-[0.9rem] text-soft">
                With {Object.keys(call.arguments).join(", ")}
              </summary>
              <div className="mt-1">
                <Json value={call.arguments} label={`Arguments of ${call.tool}`} />
              </div>
            </details>
          )}
        </li>
      ))}
    </ol>
  );
}
