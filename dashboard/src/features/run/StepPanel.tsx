/** All of a step: what it was asked, what it answered, how often it was tried, and what it cost. */
import { X } from "lucide-react";
import { ended } from "@/api/runs";
import type { Attempt, Run, RunEvent, Step } from "@/api/types";
import { Button } from "@/components/Button";
import { Json } from "@/components/Json";
import { OutputView, stored } from "@/components/Output";
import { SOURCES } from "@/components/sources";
import { StepBadge } from "@/components/Status";
import { clock, duration, money, percent } from "@/lib/format";
import { Again } from "@/features/run/Again";
import { Believed } from "@/features/run/Believed";
import { Feedback } from "@/features/run/Feedback";
import { Exchanges } from "@/features/run/Exchanges";
import { ENDINGS, EVENTS, messageOf, told } from "@/features/run/words";

interface Props {
  run: Run;
  step: Step;
  events: readonly RunEvent[];
  close: () => void;
}

export function StepPanel({ run, step, events, close }: Props) {
  return (
    <aside aria-label={`Step ${step.subtask}`} className="card space-y-4 p-4">
      <header className="flex items-start justify-between gap-3">
        <div className="min-w-0 space-y-1">
          <h2 className="break-words">
            {step.subtask}: {step.tool}
          </h2>
          <p className="flex flex-wrap items-center gap-2 text-soft">
            <StepBadge status={step.status} /> version {step.tool_version}
          </p>
        </div>
        <Button kind="quiet" small onClick={close} aria-label="Close the step">
          <X aria-hidden className="size-4" />
        </Button>
      </header>
      {step.waiting_on && (
        <p className="rounded-md bg-warn-wash px-3 py-2 text-warn">{step.waiting_on.text}</p>
      )}
      {step.error && (
        <p className="rounded-md bg-bad-wash px-3 py-2 break-words text-bad">{messageOf(step.error)}</p>
      )}
      <Believed run={run} step={step} />
      {step.reused_from && <Reused from={step.reused_from} />}
      {ended(run.status) && step.status !== "skipped" && <Again run={run} step={step} />}
      <Part title="Arguments">
        <Json value={step.arguments} label="Arguments" />
      </Part>
      {step.output && (
        <Part title="Output">
          {Object.entries(step.output).map(([name, value]) => (
            <div key={name}>
              <p className="text-[0.86rem] text-soft">{name}</p>
              <OutputView name={name} value={value} {...stored(value)} />
            </div>
          ))}
        </Part>
      )}
      {step.verdict && (
        <Part title="Verdict">
          <p>
            Quality {percent(step.verdict.quality)}, says {SOURCES[step.verdict.source]}
            {step.verdict.detail && `: ${step.verdict.detail}`}
          </p>
        </Part>
      )}
      {ended(run.status) && step.output && (step.status === "succeeded" || step.status === "low_quality") && (
        <Feedback run={run} step={step} />
      )}
      {step.attempts.length > 0 && (
        <Part title="Attempts">
          <ol className="space-y-2">
            {step.attempts.map((attempt, at) => (
              <Tried key={attempt.number} place={at + 1} attempt={attempt} />
            ))}
          </ol>
        </Part>
      )}
      <Exchanges run={run.id} step={step} />
      <Log step={step} events={events} />
    </aside>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="space-y-1.5">
      <h3 className="font-medium">{title}</h3>
      {children}
    </section>
  );
}

function Reused({ from: { step, run, age } }: { from: NonNullable<Step["reused_from"]> }) {
  return (
    <p className="text-soft">
      Taken from {step} of {run}, {duration(age)} old: no call was made.
    </p>
  );
}

/** What happened to this step, in the order in which it did. */
function Log({ step, events }: { step: Step; events: readonly RunEvent[] }) {
  const own = events.filter(({ data }) => data.step === step.key);
  if (own.length === 0) return null;
  return (
    <details>
      <summary className="font-medium">Log ({own.length})</summary>
      <ol tabIndex={0} aria-label="Log" className="mt-2 max-h-72 space-y-1 overflow-y-auto text-[0.9rem]">
        {own.map((event) => (
          <li key={event.number} className="break-words">
            <time dateTime={event.at} className="figures text-soft">
              {new Date(event.at).toLocaleTimeString()}
            </time>{" "}
            <span className="font-medium">{EVENTS[event.type]}</span>{" "}
            <span className="text-soft">{told(event)}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}

function Tried({ place, attempt }: { place: number; attempt: Attempt }) {
  const took = (Date.parse(attempt.finished_at) - Date.parse(attempt.started_at)) / 1000;
  return (
    <li className="border-l-2 pl-3">
      <p className="figures">
        {place}. {ENDINGS[attempt.ending]} in {duration(took)}, {money(attempt.usd)}
      </p>
      <p className="text-[0.86rem] text-soft">
        {clock(attempt.started_at)} · {attempt.worker}
      </p>
      {attempt.error && <p className="break-words text-bad">{messageOf(attempt.error)}</p>}
    </li>
  );
}
