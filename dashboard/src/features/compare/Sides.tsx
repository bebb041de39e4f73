/** How a sub-task was done: its calls, and what was believed of them against what they took. */
import type { Done } from "@/api/types";
import { StepBadge } from "@/components/Status";
import { count, duration, money, percent } from "@/lib/format";
import { SOURCES } from "@/components/sources";

type Believed = NonNullable<Done["believed"]>;

export function Tools({ names }: { names: readonly string[] }) {
  return <p className="font-medium break-words">{names.join(" → ") || "no tool yet"}</p>;
}

export function DoneBy({ title, done }: { title: string; done: Done }) {
  return (
    <div className="min-w-0 space-y-1.5">
      <p className="text-[0.82rem] text-soft">{title}</p>
      <div className="flex flex-wrap items-center gap-2">
        <Tools names={done.calls.map(({ tool }) => tool)} />
        {done.status && <StepBadge status={done.status} />}
      </div>
      <dl className="figures grid grid-cols-[auto_1fr] gap-x-3 text-[0.9rem]">
        <Met name="Cost" believed={done.believed && money(done.believed.usd)} came={money(done.usd)} />
        <Met
          name="Time"
          believed={done.believed && duration(done.believed.seconds)}
          came={duration(done.seconds)}
        />
        <Met
          name="Quality"
          believed={done.believed && percent(done.believed.quality)}
          came={done.quality === null ? "not judged" : percent(done.quality)}
          more={done.judged_by && `says ${SOURCES[done.judged_by]}`}
        />
        {done.attempts > 1 && (
          <Met name="Tries" believed={null} came={count(done.attempts, "try", "tries")} />
        )}
      </dl>
    </div>
  );
}

export function Expected({
  title,
  tools,
  believed,
}: {
  title: string;
  tools: readonly string[];
  believed: Believed;
}) {
  return (
    <div className="min-w-0 space-y-1.5">
      <p className="text-[0.82rem] text-soft">{title}</p>
      <Tools names={tools} />
      <dl className="figures grid grid-cols-[auto_1fr] gap-x-3 text-[0.9rem]">
        <Met name="Cost" believed={null} came={money(believed.usd)} />
        <Met name="Time" believed={null} came={duration(believed.seconds)} />
        <Met name="Quality" believed={null} came={percent(believed.quality)} />
      </dl>
    </div>
  );
}

interface MetProps {
  name: string;
  believed: string | null;
  came: string;
  more?: string | null;
}

function Met({ name, believed, came, more }: MetProps) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd>
        <span className="font-medium">{came}</span>
        {believed && <span className="text-soft"> · {believed} believed</span>}
        {more && <span className="text-soft"> · {more}</span>}
      </dd>
    </>
  );
}
