/** What is believed of a tool for each type of sub-task, and how many outcomes that rests on. */
import type { Belief } from "@/api/types";
import { count, duration, money, percent } from "@/lib/format";

export function BeliefTable({ beliefs }: { beliefs: readonly Belief[] }) {
  return (
    <section aria-label="Beliefs" className="card overflow-hidden">
      <h2 className="px-4 pt-3 pb-2">What is believed of it</h2>
      <div className="overflow-x-auto" tabIndex={0} role="group" aria-label="Table of beliefs">
        <table className="figures w-full text-left">
          <thead className="border-y bg-sunken text-[0.86rem]">
            <tr>
              {["For", "Cost", "Time", "Quality", "Succeeds", "Rests on"].map((name) => (
                <th key={name} scope="col" className="px-3 py-1.5 font-medium whitespace-nowrap first:pl-4">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y">
            {beliefs.map((belief) => (
              <tr key={belief.subtask_type}>
                <th scope="row" className="py-1.5 pr-3 pl-4 font-medium">
                  {belief.subtask_type === "*" ? "any sub-task" : belief.subtask_type}
                </th>
                <td className="px-3 whitespace-nowrap">
                  {money(belief.usd)} <Trend share={belief.trend.usd} more="dearer" less="cheaper" />
                </td>
                <td className="px-3 whitespace-nowrap">
                  {duration(belief.seconds)}{" "}
                  <Trend share={belief.trend.seconds} more="slower" less="faster" />
                </td>
                <td className="px-3 whitespace-nowrap">
                  {percent(belief.quality)} <Trend share={belief.trend.quality} more="better" less="worse" />
                </td>
                <td className="px-3">{percent(belief.success)}</td>
                <td className="px-3 text-soft">{restsOn(belief)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="border-t px-4 py-2 text-[0.86rem] text-soft">
        Old outcomes count less and less. A trend compares what was seen with what was believed before.
      </p>
    </section>
  );
}

/** The weight of what was seen, and of what was believed before anything was. */
export function restsOn({ observed, prior }: Pick<Belief, "observed" | "prior">): string {
  if (observed.tries === 0) return "nothing seen yet";
  const seen = Math.max(1, Math.round(observed.tries));
  return `the weight of ${count(seen, "outcome")}, ${Math.round(observed.judged)} judged, and a prior worth ${prior.n}`;
}

function Trend({ share, more, less }: { share: number | null; more: string; less: string }) {
  if (share === null || Math.abs(share - 1) < 0.05) return null;
  const times = share > 1 ? share : 1 / Math.max(share, 1e-9);
  const words = times < 2 ? percent(times - 1) : `${times >= 100 ? ">100" : times.toFixed(1)} ×`;
  return <span className="text-[0.82rem] text-soft">{`${words} ${share > 1 ? more : less}`}</span>;
}
