import { Flag } from "lucide-react";
import { memo, useMemo } from "react";
import type { Run, Step } from "@/api/types";
import { RUN_LOOKS, STEP_LOOKS, type Tone } from "@/components/Status";
import { useNow } from "@/components/When";
import { barsOf, freeFrom, isLong, open, passed, width, type Bar } from "@/features/run/bars";
import { ended } from "@/api/runs";
import { duration } from "@/lib/format";
import { criticalPath } from "@/lib/path";

const FILLS: Record<Tone, string> = {
  good: "bg-good",
  bad: "bg-bad",
  warn: "bg-warn",
  busy: "bg-busy",
  idle: "bg-idle",
};

interface Props {
  run: Run;
  chosen: number | null;
  choose: (idx: number) => void;
}

/** When each step waited and was tried, on one scale; the chain that the end hung on is flagged. */
export function Timeline({ run, chosen, choose }: Props) {
  const over = ended(run.status);
  const now = useNow(over ? 3_600_000 : 500);
  const start = Date.parse(run.created_at);
  const length = passed(run, now);
  const free = useMemo(() => freeFrom(run.steps, start), [run.steps, start]);
  const critical = useMemo(() => criticalPath(run.steps), [run.steps]);
  const wide = width(length, over);
  return (
    <div className="max-h-[30rem] overflow-y-auto px-4 py-3">
      <p className="mb-2 flex flex-wrap gap-x-5 gap-y-1 text-[0.86rem] text-soft">
        <span>
          {RUN_LOOKS[run.status].word}, {duration(length)}
        </span>
        <span className="inline-flex items-center gap-1.5">
          <span aria-hidden className="h-2.5 w-5 rounded-sm border border-line-strong" /> waits
        </span>
        <span className="inline-flex items-center gap-1.5">
          <span aria-hidden className="h-2.5 w-5 rounded-sm bg-good" /> an attempt
        </span>
        <span className="inline-flex items-center gap-1.5">
          <Flag aria-hidden className="size-3.5" /> on the critical path
        </span>
      </p>
      <ul aria-label="Timeline" className={isLong(run) ? "rows-sleep" : ""}>
        {run.steps.map((step) => (
          <Row
            key={step.idx}
            step={step}
            start={start}
            free={free.get(step.idx) ?? null}
            // Of a step that has ended nothing grows: it is not drawn anew as time passes.
            length={open(step) ? length : Infinity}
            wide={wide}
            critical={critical.has(step.idx)}
            chosen={step.idx === chosen}
            choose={choose}
          />
        ))}
      </ul>
    </div>
  );
}

interface RowProps {
  step: Step;
  start: number;
  free: number | null;
  length: number;
  wide: number;
  critical: boolean;
  chosen: boolean;
  choose: (idx: number) => void;
}

const Row = memo(function Row({ step, start, free, length, wide, critical, chosen, choose }: RowProps) {
  const bars = barsOf(step, start, free, length);
  return (
    <li>
      <button
        type="button"
        aria-pressed={chosen}
        onClick={() => choose(step.idx)}
        className={`grid w-full grid-cols-[5rem_minmax(0,1fr)_3.8rem] sm:grid-cols-[minmax(6rem,11rem)_minmax(0,1fr)_4.5rem] items-center gap-3 rounded px-1 py-1 text-left ${chosen ? "bg-accent-wash" : "hover:bg-page"}`}
      >
        <span className="flex items-center gap-1.5 truncate">
          {critical && <Flag aria-label="On the critical path" className="size-3.5 shrink-0" />}
          <span className="truncate">{step.subtask}</span>
        </span>
        <span className="relative h-4 rounded-sm bg-sunken">
          {bars.map((bar) => (
            <Drawn key={`${bar.kind} ${bar.from}`} bar={bar} length={wide} />
          ))}
        </span>
        <span className="figures text-right text-[0.86rem] text-soft">
          {duration(bars.reduce((sum, { kind, from, to }) => sum + (kind === "waits" ? 0 : to - from), 0))}
        </span>
      </button>
    </li>
  );
});

function Drawn({ bar: { kind, from, to, status }, length }: { bar: Bar; length: number }) {
  const place = { left: `${(from / length) * 100}%`, width: `${((to - from) / length) * 100}%` };
  const look = STEP_LOOKS[status];
  const fill = kind === "waits" ? "border border-line-strong" : FILLS[look.tone];
  return (
    <span
      title={`${kind === "waits" ? "Waits" : look.word}: ${duration(to - from)}`}
      className={`absolute inset-y-0 min-w-0.5 rounded-sm ${fill}`}
      style={place}
    />
  );
}
