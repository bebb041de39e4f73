/** A choice of some among few: pressed are those that count, none pressed means all. */
import type { LucideIcon } from "lucide-react";

interface Props<T extends string> {
  label: string;
  all: readonly T[];
  looks: Readonly<Record<T, { word: string; icon: LucideIcon }>>;
  chosen: readonly T[];
  change: (chosen: T[]) => void;
}

export function Toggles<T extends string>({ label, all, looks, chosen, change }: Props<T>) {
  return (
    <div role="group" aria-label={label} className="flex flex-wrap gap-1.5">
      {all.map((one) => {
        const { word, icon: Icon } = looks[one];
        const on = chosen.includes(one);
        return (
          <button
            key={one}
            type="button"
            aria-pressed={on}
            onClick={() => change(all.filter((other) => chosen.includes(other) !== (other === one)))}
            className={`inline-flex items-center gap-1.5 rounded-full border px-2.5 py-0.5 text-[0.86rem] ${on ? "border-accent bg-accent-wash font-medium text-ink" : "border-line-strong bg-surface text-soft hover:text-ink"}`}
          >
            <Icon aria-hidden className="size-3.5" />
            {word}
          </button>
        );
      })}
    </div>
  );
}
