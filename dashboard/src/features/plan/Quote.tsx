/** What the plan is believed to take under these terms, and the front it was chosen from. */
import { TriangleAlert } from "lucide-react";
import type { Requote } from "@/api/types";
import { Front } from "@/components/Front";
import { duration, money, percent } from "@/lib/format";

export function Quote({ quoted, stale }: { quoted: Requote; stale: boolean }) {
  const { quote, front, path } = quoted;
  const risky = quote.risk.risky;
  return (
    <div className={`space-y-3 ${stale ? "opacity-60" : ""}`}>
      <div role="status" aria-label="Quote">
        <dl className="grid grid-cols-3 gap-2">
          <Figure name="Money" value={money(quote.usd)} />
          <Figure name="Time" value={duration(quote.wall_seconds)} />
          <Figure name="Quality" value={percent(quote.quality)} />
        </dl>
      </div>
      <Front front={front} chosen={quote} />
      {path.gap > 0 && <p className="text-soft">A better path may exist, by at most {percent(path.gap)}.</p>}
      {risky.length > 0 && (
        <details>
          <summary className="text-warn">
            <TriangleAlert aria-hidden className="mr-1 inline size-4" />
            {risky.length === 1 ? "One call is a risk" : `${risky.length} calls are a risk`}
          </summary>
          <ul className="mt-1 list-disc pl-5 text-soft">
            {risky.map(({ subtask, option, why }) => (
              <li key={subtask} className="break-words">
                {subtask} by {option}: {why}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className="rounded-md bg-sunken px-3 py-2">
      <dt className="text-[0.86rem] text-soft">{name}</dt>
      <dd className="figures text-lg font-semibold tracking-tight">{value}</dd>
    </div>
  );
}
