import { Flag } from "lucide-react";
import type { Run } from "@/api/types";
import { RUN_LOOKS, STEP_LOOKS, type Tone } from "@/components/Status";
import { useNow } from "@/components/When";
import { timeline, type Bar } from "@/features/run/bars";
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
  const now = useNow(ended(run.status) ? 3_600_000 : 500);
  const { rows, length } = timeline(run, now);
  const critical = criticalPath(run.steps);
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
      <ul aria-label="Timeline">
        {rows.map(({ step, bars }) => (
          <li key={step.idx}>
            <button
              type="button"
              aria-pressed={step.idx === chosen}
              onClick={() => choose(step.idx)}
              className={`grid w-full grid-cols-[minmax(6rem,11rem)_minmax(0,1fr)_4.5rem] items-center gap-3 rounded px-1 py-1 text-left ${step.idx === chosen ? "bg-accent-wash" : "hover:bg-page"}`}
            >
              <span className="flex items-center gap-1.5 truncate">
                {critical.has(step.idx) && (
                  <Flag aria-label="On the critical path" className="size-3.5 shrink-0" />
                )}
                <span className="truncate">{step.subtask}</span>
              </span>
              <span className="relative h-4 rounded-sm bg-sunken">
                {bars.map((bar) => (
                  <Drawn key={`${bar.kind} ${bar.from}`} bar={bar} length={length} />
                ))}
              </span>
              <span className="figures text-right text-[0.86rem] text-soft">
                {duration(
                  bars.reduce((sum, { kind, from, to }) => sum + (kind === "waits" ? 0 : to - from), 0),
                )}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

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
