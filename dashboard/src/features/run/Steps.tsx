import { memo } from "react";
import type { Run, Step } from "@/api/types";
import { StepBadge } from "@/components/Status";
import { isLong } from "@/features/run/bars";
import { duration, money } from "@/lib/format";

interface Props {
  run: Run;
  chosen: number | null;
  choose: (idx: number) => void;
}

/** The steps as a list: what the graph shows, for who would rather read, or cannot see it. */
export function Steps({ run, chosen, choose }: Props) {
  if (run.steps.length === 0)
    return (
      <p className="p-4 text-soft">
        {run.waiting_on?.text ?? "There are no steps yet: the plan comes first."}
      </p>
    );
  return (
    <ul aria-label="Steps" className={`divide-y ${isLong(run) ? "rows-sleep" : ""}`}>
      {run.steps.map((step) => (
        <Row key={step.idx} step={step} chosen={step.idx === chosen} choose={choose} />
      ))}
    </ul>
  );
}

interface RowProps {
  step: Step;
  chosen: boolean;
  choose: (idx: number) => void;
}

const Row = memo(function Row({ step, chosen, choose }: RowProps) {
  return (
    <li data-step={step.key}>
      <button
        type="button"
        aria-pressed={chosen}
        onClick={() => choose(step.idx)}
        className={`grid w-full items-center gap-x-3 gap-y-1 px-4 py-2 text-left sm:grid-cols-[8.5rem_minmax(0,1fr)_5rem_5rem] ${chosen ? "bg-accent-wash" : "hover:bg-page"}`}
      >
        <StepBadge status={step.status} />
        <span className="min-w-0">
          <span className="block truncate font-medium">
            {step.subtask}: {step.tool}
          </span>
          {step.waiting_on && (
            <span className="block truncate text-[0.88rem] text-soft">{step.waiting_on.text}</span>
          )}
        </span>
        <span className="figures text-right text-soft max-sm:hidden">{duration(step.seconds)}</span>
        <span className="figures text-right text-soft max-sm:hidden">{money(step.usd)}</span>
      </button>
    </li>
  );
});
