/** The sub-tasks of a plan: by which tools, at what figures, and what else could do each. */
import { ArrowDown, ArrowUp, Check, CircleAlert, Pencil, Plus, Split, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import type { Option, SubTask } from "@/api/types";
import { Button } from "@/components/Button";
import { count, duration, money, percent } from "@/lib/format";
import { brief, type Fault } from "@/features/plan/words";

export interface SubTaskActs {
  leaveOut: (tool: string) => void;
  /** Have this tool do it, whatever the preference says. */
  take: (tool: string) => void;
}

interface Props extends SubTaskActs {
  subtask: SubTask;
  number: number;
  chosen: string | undefined;
  faults: readonly Fault[];
  busy: boolean;
  children?: ReactNode;
}

export function SubTaskCard({ subtask, number, chosen, faults, busy, children, ...acts }: Props) {
  const taken = subtask.options.find(({ id }) => id === chosen) ?? subtask.options[0];
  return (
    <li
      data-subtask={subtask.id}
      aria-label={`Sub-task ${subtask.id}`}
      className={`card space-y-2 p-4 ${faults.length > 0 ? "border-bad" : ""}`}
    >
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h3 className="min-w-0 font-medium break-words">
          {number}. {subtask.goal}
        </h3>
        <code className="text-[0.86rem] text-soft">{subtask.id}</code>
      </div>
      {chosen === undefined && <p className="text-soft">Not taken: another way of planning it is better.</p>}
      {taken && <Taken option={taken} />}
      {subtask.needs.length > 0 && <p className="text-soft">After {subtask.needs.join(", ")}</p>}
      {faults.map(({ path, detail }) => (
        <p key={path + detail} role="alert" className="break-words text-bad">
          <CircleAlert aria-hidden className="mr-1 inline size-4" />
          {path && <code>{path}</code>} {detail}
        </p>
      ))}
      <details>
        <summary className="text-soft">{count(subtask.options.length, "way")} to do it</summary>
        <Options subtask={subtask} chosen={chosen} busy={busy} {...acts} />
      </details>
      {children}
    </li>
  );
}

export function toolsOf(option: Option): string[] {
  return option.calls.map(({ tool }) => tool);
}

function Taken({ option }: { option: Option }) {
  const { usd, seconds, quality } = option.estimate;
  return (
    <div className="space-y-1">
      <p className="flex flex-wrap gap-x-3">
        <span data-chosen className="font-medium text-accent">
          {toolsOf(option).join(" → ")}
        </span>
        <span className="figures text-soft">
          {money(usd)} · {duration(seconds)} · {percent(quality)} quality
        </span>
      </p>
      <dl className="space-y-0.5 text-[0.9rem]">
        {option.calls.flatMap(({ tool, arguments: given }, part) =>
          Object.entries(given).map(([name, value]) => (
            <div key={`${part}-${name}`} className="flex gap-2">
              <dt className="shrink-0 text-soft">
                {option.calls.length > 1 ? `${tool} ` : ""}
                {name}
              </dt>
              <dd className="min-w-0 truncate" title={brief(value)}>
                {brief(value)}
              </dd>
            </div>
          )),
        )}
      </dl>
    </div>
  );
}

interface OptionsProps extends SubTaskActs {
  subtask: SubTask;
  chosen: string | undefined;
  busy: boolean;
}

function Options({ subtask, chosen, busy, leaveOut, take }: OptionsProps) {
  return (
    <ul className="mt-2 divide-y">
      {subtask.options.map((option) => {
        const [only, more] = toolsOf(option);
        const { usd, seconds, quality, n } = option.estimate;
        return (
          <li key={option.id} className="flex flex-wrap items-center justify-between gap-2 py-2">
            <div className="min-w-0">
              <p className="break-words">
                {toolsOf(option).join(" → ")}{" "}
                {option.id === chosen && (
                  <span className="text-soft">
                    <Check aria-hidden className="inline size-4" /> chosen
                  </span>
                )}
              </p>
              <p className="figures text-[0.86rem] text-soft">
                {money(usd)} · {duration(seconds)} · {percent(quality)} · seen {Math.round(n)}×
              </p>
            </div>
            {only && !more && (
              <div className="flex flex-wrap gap-2">
                {subtask.options.length > 1 && (
                  <Button
                    small
                    disabled={busy}
                    aria-label={`Use this: ${only} for ${subtask.id}`}
                    onClick={() => take(only)}
                  >
                    Use this
                  </Button>
                )}
                <Button small disabled={busy} aria-label={`Leave out ${only}`} onClick={() => leaveOut(only)}>
                  Leave out
                </Button>
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface ToolsProps {
  id: string;
  busy: boolean;
  up: boolean;
  down: boolean;
  move: (places: number) => void;
  remove: () => void;
  open: (kind: "change" | "split" | "add") => void;
}

/** What can be done with a sub-task. */
export function Tools({ id, busy, up, down, move, remove, open }: ToolsProps) {
  const acts = [
    { word: "Change", icon: Pencil, act: () => open("change") },
    { word: "Split", icon: Split, act: () => open("split") },
    { word: "Add after", icon: Plus, act: () => open("add") },
    { word: "Up", icon: ArrowUp, act: () => move(-1), off: !up },
    { word: "Down", icon: ArrowDown, act: () => move(1), off: !down },
    { word: "Remove", icon: Trash2, act: remove },
  ];
  return (
    <div role="group" aria-label={`Edit ${id}`} className="-ml-2.5 flex flex-wrap">
      {acts.map(({ word, icon: Icon, act, off = false }) => (
        <Button key={word} kind="quiet" small disabled={busy || off} onClick={act}>
          <Icon aria-hidden className="size-3.5" /> {word}
        </Button>
      ))}
    </div>
  );
}
