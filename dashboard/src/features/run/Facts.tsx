/** What a run has spent against what was quoted and allowed. */
import type { Run } from "@/api/types";
import { useNow } from "@/components/When";
import { duration, money, percent } from "@/lib/format";

export function Facts({ run }: { run: Run }) {
  const now = useNow(1_000);
  const from = Date.parse(run.started_at ?? run.created_at);
  const wall = Math.max(0, ((run.finished_at ? Date.parse(run.finished_at) : now) - from) / 1000);
  const { budget, quote, spend } = run;
  const usd = Number(spend.usd);
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Fact
        name="Money"
        value={money(spend.usd)}
        quoted={quote && money(quote.usd)}
        limit={
          budget.usd
            ? { words: money(budget.usd), share: (usd + Number(spend.reserved_usd)) / Number(budget.usd) }
            : null
        }
        more={Number(spend.reserved_usd) > 0 ? `${money(spend.reserved_usd)} reserved` : null}
      />
      <Fact
        name="Time"
        value={duration(wall)}
        quoted={quote && duration(quote.wall_seconds)}
        limit={budget.seconds ? { words: duration(budget.seconds), share: wall / budget.seconds } : null}
        more={`${duration(spend.seconds)} in tools`}
      />
      <Fact
        name="Quality"
        value={quote ? percent(quote.quality) : "–"}
        quoted={null}
        limit={null}
        more={`believed of the path${budget.min_quality ? `; at least ${percent(budget.min_quality)}` : ""}`}
      />
      <Fact
        name="Model tokens"
        value={spend.tokens.toLocaleString()}
        quoted={null}
        limit={
          budget.tokens
            ? { words: budget.tokens.toLocaleString(), share: spend.tokens / budget.tokens }
            : null
        }
        more={spend.gpu_seconds ? `${duration(spend.gpu_seconds)} of GPUs` : null}
      />
    </dl>
  );
}

interface FactProps {
  name: string;
  value: string;
  quoted: string | null | undefined;
  limit: { words: string; share: number } | null;
  more: string | null;
}

function Fact({ name, value, quoted, limit, more }: FactProps) {
  return (
    <div className="card px-4 py-3">
      <dt className="text-[0.86rem] text-soft">{name}</dt>
      <dd>
        <span className="figures text-xl font-semibold tracking-tight">{value}</span>
        {limit && (
          <progress
            className="mt-1 block h-1.5 w-full accent-accent"
            max={1}
            value={Math.min(limit.share, 1)}
            aria-label={`${name}: ${percent(limit.share)} of the limit`}
          />
        )}
        <span className="figures block min-h-5 text-[0.86rem] text-soft">
          {[quoted && `${quoted} quoted`, limit && `of ${limit.words}`, more].filter(Boolean).join(" · ")}
        </span>
      </dd>
    </div>
  );
}
