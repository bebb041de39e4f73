/** What a person wishes of a plan: quality or cost, limits, tools. */
import type { ReactNode } from "react";
import type { Faults, Wish } from "@/api/wish";
import { Labelled } from "@/components/Labelled";
import { Names } from "@/components/Names";

interface Props {
  wish: Wish;
  faults: Faults;
  change: (wish: Wish) => void;
  /** Stands between the preference and the limits. */
  children?: ReactNode;
}

export function Wishes({ wish, faults, change, children }: Props) {
  const set =
    <K extends keyof Wish>(name: K) =>
    (value: Wish[K]) =>
      change({ ...wish, [name]: value });
  const limit = (name: "usd" | "seconds" | "quality", label: string, hint: string) => (
    <Labelled label={label} hint={hint} fault={faults[name]}>
      {(ids) => (
        <input
          {...ids}
          inputMode="decimal"
          className="field figures"
          value={wish[name]}
          onChange={({ target }) => set(name)(target.value)}
        />
      )}
    </Labelled>
  );
  return (
    <>
      <Preference alpha={wish.alpha} change={set("alpha")} />
      {children}
      <div className="grid grid-cols-3 gap-x-3">
        {limit("usd", "Budget, $", "None")}
        {limit("seconds", "Deadline, s", "None")}
        {limit("quality", "Least quality", "None; 0 to 1")}
      </div>
      <Names
        label="Leave out"
        hint="Tools, or tag:…"
        fault={faults.without}
        names={wish.without}
        change={set("without")}
      />
      <Names
        label="Use only"
        hint="All that fit"
        fault={faults.only}
        names={wish.only}
        change={set("only")}
      />
    </>
  );
}

export function preferred(alpha: number): string {
  if (alpha < 0.4) return "the best there is";
  if (alpha < 0.9) return "rather good";
  if (alpha <= 1.1) return "balanced";
  return alpha < 1.7 ? "rather cheap" : "the cheapest";
}

function Preference({ alpha, change }: { alpha: number; change: (alpha: number) => void }) {
  const words = `${preferred(alpha)}: alpha ${alpha.toFixed(1)}`;
  return (
    <Labelled label="Quality or cost" hint={words}>
      {(ids) => (
        <div>
          <input
            {...ids}
            type="range"
            min={0}
            max={2}
            step={0.1}
            className="w-full accent-accent"
            aria-valuetext={words}
            value={alpha}
            onChange={({ target }) => change(Number(target.value))}
          />
          <div aria-hidden className="flex justify-between text-[0.86rem] text-soft">
            <span>Quality</span>
            <span>Cost</span>
          </div>
        </div>
      )}
    </Labelled>
  );
}
