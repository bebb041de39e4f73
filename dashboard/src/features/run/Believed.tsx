/** What the plan believed of a step's option, against what the step took. */
import type { Run, Step } from "@/api/types";
import { duration, money, percent } from "@/lib/format";

export function Believed({ run, step }: { run: Run; step: Step }) {
  const option = run.plan?.subtasks
    .find(({ id }) => id === step.subtask)
    ?.options.find(({ id }) => id === step.option);
  const { usd, seconds, quality } = option?.estimate ?? {};
  const rows = [
    ["Cost", usd === undefined ? null : money(usd), money(step.usd)],
    ["In the tool", seconds === undefined ? null : duration(seconds), duration(step.seconds)],
    [
      "Quality",
      quality === undefined ? null : percent(quality),
      step.verdict ? percent(step.verdict.quality) : "not judged",
    ],
    ["Tries", null, String(step.tries)],
    ["Tokens", null, step.tokens.toLocaleString()],
    ...(step.gpu_seconds ? [["GPU time", null, duration(step.gpu_seconds)] as const] : []),
  ] as const;
  return (
    <table className="figures w-full text-left">
      <thead className="text-[0.82rem] text-soft">
        <tr>
          {["", "Planned", "Took"].map((name) => (
            <th key={name} scope="col" className="font-medium">
              {name || <span className="sr-only">Figure</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, planned, took]) => (
          <tr key={name}>
            <th scope="row" className="font-normal text-soft">
              {name}
            </th>
            <td>{planned ?? "–"}</td>
            <td className="font-medium">{took}</td>
          </tr>
        ))}
      </tbody>
      {option && option.calls.length > 1 && (
        <caption className="caption-bottom text-left text-[0.82rem] text-soft">
          Planned for {option.calls.map(({ tool }) => tool).join(" → ")} together.
        </caption>
      )}
    </table>
  );
}
