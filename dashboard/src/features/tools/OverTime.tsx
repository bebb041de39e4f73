/** What the latest calls took, cost and were worth, in the order of time, and the mean as it moved. */
import { Link } from "@tanstack/react-router";
import type { Evidence } from "@/api/types";
import { StepBadge } from "@/components/Status";
import { When } from "@/components/When";
import { seriesOf, type Series } from "@/features/tools/series";
import { count, duration, money, percent } from "@/lib/format";

const WIDTH = 320;
const HEIGHT = 90;
const EDGE = 5;
const LISTED = 50;

export function OverTime({ evidence }: { evidence: readonly Evidence[] }) {
  if (evidence.length === 0)
    return (
      <section aria-label="Over time" className="card space-y-1 p-4">
        <h2>Over time</h2>
        <p className="text-soft">No run has called it lately: what is believed rests on its record alone.</p>
      </section>
    );
  const quality = seriesOf(evidence, ({ quality: judged }) => judged, 1);
  return (
    <section aria-label="Over time" className="card overflow-hidden">
      <h2 className="px-4 pt-3">Over time</h2>
      <p className="px-4 text-[0.86rem] text-soft">
        {count(evidence.length, "step")} of the newest runs, oldest first; the line is the mean as it moved, a
        cross is a failure.
      </p>
      <div className="grid gap-4 p-4 sm:grid-cols-3">
        <Chart name="Time" series={seriesOf(evidence, ({ seconds }) => seconds)} said={duration} />
        <Chart name="Cost" series={seriesOf(evidence, ({ usd }) => Number(usd))} said={money} />
        <Chart name="Quality" series={quality} said={percent} none="not judged" />
      </div>
      <details className="border-t px-4 py-2">
        <summary className="text-soft">The latest {Math.min(LISTED, evidence.length)}</summary>
        <ul className="mt-2 divide-y">
          {evidence.slice(0, LISTED).map((one) => (
            <li key={one.run + one.step} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-1.5">
              <StepBadge status={one.status} />
              <Link
                to="/runs/$id"
                params={{ id: one.run }}
                className="min-w-0 break-all text-accent underline"
              >
                {one.step} <span className="sr-only">of {one.run}</span>
              </Link>
              <span className="figures text-soft">
                {duration(one.seconds)}, {money(one.usd)}
                {one.quality !== null && `, quality ${percent(one.quality)} by ${one.judge ?? "nobody"}`}
              </span>
              <span className="text-soft sm:ml-auto">
                <When at={one.at} />
              </span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

interface ChartProps {
  name: string;
  series: Series;
  said: (value: number) => string;
  none?: string;
}

function Chart({ name, series, said, none = "not known" }: ChartProps) {
  const x = (share: number) => EDGE + share * (WIDTH - 2 * EDGE);
  const y = (share: number) => HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE);
  const now = series.last === null ? none : said(series.last);
  return (
    <figure>
      <figcaption className="flex items-baseline justify-between gap-2">
        <span className="text-[0.86rem] text-soft">{name}</span>
        <span className={series.last === null ? "text-[0.86rem] text-soft" : "figures font-medium"}>
          {now}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${name} over ${count(series.points.length, "step")}: mean ${now}, at most ${said(series.most)}`}
        className="mt-1 w-full rounded-md bg-sunken"
      >
        {series.points.map((point, at) =>
          point.failed ? (
            <path
              key={at}
              d={`M${x(point.x) - 3} ${y(point.y) - 3}l6 6m0-6l-6 6`}
              className="stroke-bad"
              strokeWidth={1.6}
            />
          ) : (
            <circle key={at} cx={x(point.x)} cy={y(point.y)} r={2.4} className="fill-soft opacity-60" />
          ),
        )}
        <polyline
          points={series.mean.map((point) => `${x(point.x)},${y(point.y)}`).join(" ")}
          className="fill-none stroke-accent"
          strokeWidth={2}
        />
      </svg>
      <p className="figures flex justify-between text-[0.8rem] text-soft">
        <span>0</span>
        <span>at most {said(series.most)}</span>
      </p>
    </figure>
  );
}
