import { Check, Crown, Medal } from "lucide-react";
import type { Explain, Solution } from "@/api/types";
import { Front } from "@/components/Front";
import { count, duration, money, percent } from "@/lib/format";

export function Why({ explain }: { explain: Explain }) {
  const { chosen, runner_up, margin, stats, gap } = explain;
  return (
    <div className="space-y-5">
      <section className="card space-y-2 p-4 sm:p-5">
        <p>
          <Crown aria-hidden className="mr-1.5 inline size-4 text-accent" />
          The path taken is believed to cost {figures(chosen)}.{" "}
          {gap === 0
            ? "It is proven best under these beliefs."
            : `A better one may exist, by at most ${percent(gap)}.`}
        </p>
        <p>
          <Medal aria-hidden className="mr-1.5 inline size-4 text-soft" />
          {runner_up
            ? `The runner-up would cost ${figures(runner_up)}; ${margin === null ? "" : `its balance is ${(margin * 100).toFixed(1)} % worse`}.`
            : "There was no other path."}
        </p>
        <p className="text-soft">
          Searched in {stats.milliseconds.toFixed(1)} ms: {count(stats.generated, "path")} looked at,{" "}
          {stats.dominated} beaten, {stats.cut} cut off.
        </p>
      </section>
      {explain.front.length > 1 && (
        <section className="card p-4">
          <h2>The front: what quality can be had for what cost</h2>
          <Front front={explain.front} chosen={chosen} runnerUp={runner_up} />
        </section>
      )}
      <Alternatives explain={explain} />
      {explain.subtasks.map((subtask) => (
        <section key={subtask.id} className="card overflow-x-auto" aria-label={subtask.goal} tabIndex={0}>
          <h2 className="px-4 pt-3">{subtask.goal}</h2>
          <table className="figures mt-2 w-full text-left">
            <Head names={["Option", "Cost", "Time", "Quality", "Seen", ""]} />
            <tbody className="divide-y">
              {subtask.options.map((option) => (
                <tr key={option.id} className={option.chosen ? "bg-accent-wash" : ""}>
                  <td className="px-4 py-1.5">{option.tools.join(" → ")}</td>
                  <td className="px-4">{money(option.usd)}</td>
                  <td className="px-4">{duration(option.seconds)}</td>
                  <td className="px-4">{percent(option.quality)}</td>
                  <td className="px-4">{Math.round(option.n)}×</td>
                  <td className="px-4 whitespace-nowrap">
                    {option.chosen && (
                      <>
                        <Check aria-hidden className="inline size-4" /> chosen
                      </>
                    )}
                    {option.ruled_out && "ruled out"}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ))}
    </div>
  );
}

function figures({ usd, wall_seconds, quality }: Solution): string {
  return `${money(usd)}, take ${duration(wall_seconds)} and reach ${percent(quality)} quality`;
}

function Head({ names }: { names: string[] }) {
  return (
    <thead className="text-[0.86rem] text-soft">
      <tr>
        {names.map((name) => (
          <th key={name} scope="col" className="px-4 py-1.5 font-medium">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Alternatives({ explain }: { explain: Explain }) {
  return (
    <section className="card overflow-x-auto" aria-label="What other preferences would choose" tabIndex={0}>
      <h2 className="px-4 pt-3">What other preferences would choose</h2>
      <table className="figures mt-2 w-full text-left">
        <Head names={["Alpha", "Cost", "Time", "Quality", "Path"]} />
        <tbody className="divide-y">
          {explain.alternatives.map(({ alpha, path }) => (
            <tr key={alpha}>
              <td className="px-4 py-1.5">{alpha}</td>
              <td className="px-4">{path ? money(path.usd) : "–"}</td>
              <td className="px-4">{path ? duration(path.wall_seconds) : "–"}</td>
              <td className="px-4">{path ? percent(path.quality) : "–"}</td>
              <td className="px-4">
                {path ? (same(path, explain.chosen) ? "the same" : "another") : "none fits"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function same(one: Solution, other: Solution): boolean {
  return Object.entries(one.choices).every(([subtask, option]) => other.choices[subtask] === option);
}
