/** Money, time and quality of the two, and how far apart they are. */
import { duration, money, percent } from "@/lib/format";
import { apart } from "@/features/compare/pair";

export interface Figure {
  name: string;
  one: number | null;
  other: number | null;
  kind: "money" | "time" | "quality";
}

const KINDS = {
  money: { words: money, sides: ["more", "less"] },
  time: { words: duration, sides: ["longer", "shorter"] },
  quality: { words: percent, sides: ["better", "worse"] },
} as const;

export function Figures({
  names,
  figures,
}: {
  names: readonly [string, string];
  figures: readonly Figure[];
}) {
  return (
    <section className="card overflow-x-auto" aria-label="Figures" tabIndex={0}>
      <table className="figures w-full text-left">
        <thead className="text-[0.86rem] text-soft">
          <tr>
            {["", ...names, "Difference"].map((name, number) => (
              <th key={number} scope="col" className="px-4 py-2 font-medium">
                {name || <span className="sr-only">Figure</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y">
          {figures.map(({ name, one, other, kind }) => {
            const { words, sides } = KINDS[kind];
            return (
              <tr key={name}>
                <th scope="row" className="px-4 py-2 font-normal text-soft">
                  {name}
                </th>
                <td className="px-4 font-medium whitespace-nowrap">{one === null ? "–" : words(one)}</td>
                <td className="px-4 font-medium whitespace-nowrap">{other === null ? "–" : words(other)}</td>
                <td className="px-4 whitespace-nowrap">{apart(one, other, words, sides) ?? "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
