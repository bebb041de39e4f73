/** All of a step: what it was asked, what it answered, how often it was tried, and what it cost. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { RotateCcw, X } from "lucide-react";
import { ended, retryFrom } from "@/api/runs";
import type { Attempt, Run, Step } from "@/api/types";
import { Button } from "@/components/Button";
import { Json } from "@/components/Json";
import { OutputView, stored } from "@/components/Output";
import { StepBadge } from "@/components/Status";
import { clock, duration, money, percent } from "@/lib/format";
import { ENDINGS, messageOf } from "@/features/run/words";

interface Props {
  run: Run;
  step: Step;
  close: () => void;
}

export function StepPanel({ run, step, close }: Props) {
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
      <Figures step={step} />
      {ended(run.status) && step.status !== "skipped" && <RetryHere run={run} step={step} />}
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
            Quality {percent(step.verdict.quality)}, says the {step.verdict.source}
            {step.verdict.detail && `: ${step.verdict.detail}`}
          </p>
        </Part>
      )}
      {step.attempts.length > 0 && (
        <Part title="Attempts">
          <ol className="space-y-2">
            {step.attempts.map((attempt) => (
              <Tried key={attempt.number} attempt={attempt} />
            ))}
          </ol>
        </Part>
      )}
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

function Figures({ step }: { step: Step }) {
  const facts = [
    ["Cost", money(step.usd)],
    ["In the tool", duration(step.seconds)],
    ["Tries", String(step.tries)],
    ["Tokens", step.tokens.toLocaleString()],
  ] as const;
  return (
    <dl className="grid grid-cols-4 gap-2">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt className="text-[0.82rem] text-soft">{name}</dt>
          <dd className="figures font-medium">{value}</dd>
        </div>
      ))}
      {step.reused_from && (
        <div className="col-span-4 text-soft">
          Taken from {step.reused_from.step} of {step.reused_from.run}, {duration(step.reused_from.age)} old:
          no call was made.
        </div>
      )}
    </dl>
  );
}

function Tried({ attempt }: { attempt: Attempt }) {
  const took = (Date.parse(attempt.finished_at) - Date.parse(attempt.started_at)) / 1000;
  return (
    <li className="border-l-2 pl-3">
      <p className="figures">
        {attempt.number}. {ENDINGS[attempt.ending]} in {duration(took)}, {money(attempt.usd)}
      </p>
      <p className="text-[0.86rem] text-soft">
        {clock(attempt.started_at)} · {attempt.worker}
      </p>
      {attempt.error && <p className="break-words text-bad">{messageOf(attempt.error)}</p>}
    </li>
  );
}

function RetryHere({ run, step }: { run: Run; step: Step }) {
  const queries = useQueryClient();
  const again = useMutation({
    mutationFn: () => retryFrom(run.id, step.key),
    onSuccess: (now) => queries.setQueryData(["run", run.id], now),
  });
  return (
    <div className="space-y-1">
      <Button small disabled={again.isPending} onClick={() => again.mutate()}>
        <RotateCcw aria-hidden className="size-3.5" /> Retry from here
      </Button>
      <p className="text-[0.86rem] text-soft">
        This step and what follows from it run again; the rest is kept.
      </p>
      {again.error && (
        <p role="alert" className="text-bad">
          {again.error.message}
        </p>
      )}
    </div>
  );
}
