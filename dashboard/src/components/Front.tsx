/** The Pareto front, drawn by hand: what quality can be had for what cost, and what was chosen of it. */
import type { Solution } from "@/api/types";
import { count, duration, money, percent } from "@/lib/format";

export type Point = Pick<Solution, "usd" | "tool_seconds" | "wall_seconds" | "quality">;

interface Props {
  front: readonly Point[];
  chosen: Point;
  runnerUp?: Point | null;
}

const W = 420;
const H = 230;
const LEFT = 52;
const BELOW = 34;
const ROUND = 18;

/** Where points stand: cost to the right, quality upwards; money where any is asked, else time. */
export function scaled(points: readonly Point[]) {
  const paid = points.some(({ usd }) => Number(usd) > 0);
  const cost = (point: Point) => (paid ? Number(point.usd) : point.tool_seconds);
  const across = range(points.map(cost));
  const up = range(points.map(({ quality }) => quality));
  return {
    paid,
    cost,
    across,
    up,
    x: (point: Point) => LEFT + ROUND + share(cost(point), across) * (W - LEFT - 2 * ROUND),
    y: (point: Point) => H - BELOW - ROUND - share(point.quality, up) * (H - BELOW - 2 * ROUND),
  };
}

type Range = readonly [number, number];

function range(values: readonly number[]): Range {
  return [Math.min(...values), Math.max(...values)];
}

/** In the middle where all are the same. */
function share(value: number, [least, most]: Range): number {
  return most > least ? (value - least) / (most - least) : 0.5;
}

export function Front({ front, chosen, runnerUp = null }: Props) {
  const { paid, cost, across, up, x, y } = scaled([...front, chosen, ...(runnerUp ? [runnerUp] : [])]);
  const words = (value: number) => (paid ? money(value) : duration(value));
  const line = front.map((point) => `${x(point)},${y(point)}`).join(" ");
  return (
    <figure className="min-w-0">
      <svg
        viewBox={`0 0 ${W} ${H}`}
        role="img"
        aria-label={`${count(front.length, "path")} that no other one beats; the chosen one has ${percent(chosen.quality)} quality for ${words(cost(chosen))}`}
        className="w-full max-w-xl text-[13px]"
      >
        <path d={`M${LEFT} 8V${H - BELOW}H${W - 4}`} className="fill-none stroke-line-strong" />
        <Ticks ends={up} at={[H - BELOW - ROUND, ROUND]} words={percent} />
        <Ticks ends={across} at={[LEFT + ROUND, W - ROUND]} words={words} along />
        <text x={LEFT + 6} y={13} className="fill-soft">
          quality
        </text>
        <text x={(LEFT + W) / 2} y={H - 4} textAnchor="middle" className="fill-soft">
          {paid ? "money" : "time in tools"}
        </text>
        <polyline points={line} className="fill-none stroke-line-strong" />
        {front.map((point, number) => (
          <circle key={number} cx={x(point)} cy={y(point)} r={4} className="fill-soft">
            <title>{told(point)}</title>
          </circle>
        ))}
        {runnerUp && <Named x={x(runnerUp)} y={y(runnerUp)} name="runner-up" below />}
        <Named x={x(chosen)} y={y(chosen)} name="chosen" />
      </svg>
      <figcaption>
        <details>
          <summary className="text-soft">As a table</summary>
          <Table front={front} chosen={chosen} />
        </details>
      </figcaption>
    </figure>
  );
}

interface TicksProps {
  ends: Range;
  at: Range;
  words: (value: number) => string;
  along?: boolean;
}

function Ticks({ ends: [least, most], at: [low, high], words, along = false }: TicksProps) {
  const ticks =
    least === most
      ? [[least, (low + high) / 2] as const]
      : ([
          [least, low],
          [most, high],
        ] as const);
  return ticks.map(([value, place], number) => (
    <text
      key={number}
      x={along ? place : LEFT - 6}
      y={along ? H - BELOW + 16 : place + 4}
      textAnchor={
        along ? (number === 0 && ticks.length > 1 ? "start" : ticks.length > 1 ? "end" : "middle") : "end"
      }
      className="fill-soft"
    >
      {words(value)}
    </text>
  ));
}

function told({ usd, wall_seconds, quality }: Point): string {
  return `${money(usd)}, ${duration(wall_seconds)}, ${percent(quality)} quality`;
}

/** A front rises to the right, so that there is room above on the left, and below on the right. */
function Named({ x, y, name, below = false }: { x: number; y: number; name: string; below?: boolean }) {
  const right = x < (below ? W - 90 : W / 2);
  // Right above the axis there is room beside the point alone.
  const drop = y + 20 > H - BELOW ? 5 : 17;
  return (
    <g>
      <circle cx={x} cy={y} r={8} className="fill-none stroke-accent stroke-2" />
      <text
        x={right ? x + 14 : below ? x + 6 : x - 13}
        y={right || below ? y + drop : y + 1}
        textAnchor={right ? "start" : "end"}
        className="fill-ink font-medium"
      >
        {name}
      </text>
    </g>
  );
}

function Table({ front, chosen }: { front: readonly Point[]; chosen: Point }) {
  return (
    <div className="max-h-64 overflow-auto" tabIndex={0} role="group" aria-label="The front as a table">
      <table className="figures w-full text-left">
        <thead className="text-[0.86rem] text-soft">
          <tr>
            {["Cost", "Time", "Quality", ""].map((name) => (
              <th key={name} scope="col" className="pr-3 font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {front.map((point, number) => (
            <tr key={number}>
              <td className="pr-3">{money(point.usd)}</td>
              <td className="pr-3">{duration(point.wall_seconds)}</td>
              <td className="pr-3">{percent(point.quality)}</td>
              <td>{same(point, chosen) && "chosen"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function same(one: Point, other: Point): boolean {
  return (["usd", "tool_seconds", "quality"] as const).every(
    (name) => Math.abs(Number(one[name]) - Number(other[name])) <= 1e-9 * Math.abs(Number(other[name])),
  );
}
