/** The fields of a sub-task: what, by which tool, with which arguments, after which others. */
import { Plus, X } from "lucide-react";
import { useId } from "react";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { ToolName } from "@/components/Names";
import { rows, type Form, type Given, type Takes } from "@/features/plan/edits";

interface Props {
  form: Form;
  change: (form: Form) => void;
  /** By argument, or as `id`, `goal`, `tool`: what is wrong with it. */
  faults: Readonly<Record<string, string>>;
  /** Whether its id can still be chosen. */
  fresh: boolean;
  /** What the tool takes, where that is known. */
  takes: Takes | undefined;
  focus?: boolean;
  others: readonly string[];
  /** What can be referred to, as `id.field`. */
  results: readonly string[];
}

export function SubTaskForm({ form, change, faults, fresh, takes, focus = true, others, results }: Props) {
  const set =
    <K extends keyof Form>(name: K) =>
    (value: Form[K]) =>
      change({ ...form, [name]: value });
  return (
    <div className="space-y-1">
      {fresh && (
        <Labelled label="Id" hint="What others refer to it by" fault={faults.id}>
          {(ids) => (
            <input {...ids} className="field" value={form.id} onChange={(e) => set("id")(e.target.value)} />
          )}
        </Labelled>
      )}
      <Labelled label="What is to be done" fault={faults.goal}>
        {(ids) => (
          <input
            {...ids}
            autoFocus={focus}
            className="field"
            value={form.goal}
            onChange={({ target }) => set("goal")(target.value)}
          />
        )}
      </Labelled>
      <Labelled label="Tool" hint="Empty: any that fits" fault={faults.tool}>
        {(ids) => <ToolName {...ids} value={form.tool} change={set("tool")} />}
      </Labelled>
      <Arguments
        given={rows(form.given, takes)}
        change={set("given")}
        takes={takes}
        faults={faults}
        results={results}
      />
      {others.length > 0 && (
        <fieldset>
          <legend className="font-medium">Waits for</legend>
          <div className="flex flex-wrap gap-x-4">
            {others.map((id) => (
              <label key={id} className="flex items-center gap-1.5">
                <input
                  type="checkbox"
                  className="accent-accent"
                  checked={form.needs.includes(id)}
                  onChange={({ target }) =>
                    set("needs")(
                      target.checked ? [...form.needs, id] : form.needs.filter((need) => need !== id),
                    )
                  }
                />
                {id}
              </label>
            ))}
          </div>
        </fieldset>
      )}
    </div>
  );
}

interface ArgumentsProps {
  given: Given[];
  change: (given: Given[]) => void;
  takes: Takes | undefined;
  faults: Readonly<Record<string, string>>;
  results: readonly string[];
}

function Arguments({ given, change, takes, faults, results }: ArgumentsProps) {
  const list = useId();
  const put = (place: number, one: Given) => change(given.map((old, at) => (at === place ? one : old)));
  const free = Object.keys(takes?.fields ?? {}).filter((name) => !given.some((one) => one.name === name));
  return (
    <fieldset className="space-y-1">
      <legend className="font-medium">Arguments</legend>
      {given.map((one, place) => (
        <Argument
          key={one.name}
          one={one}
          put={(next) => put(place, next)}
          remove={() => change(given.filter((other) => other !== one))}
          needed={takes?.required.includes(one.name) ?? false}
          hint={takes?.fields[one.name]?.description}
          fault={faults[one.name]}
          list={list}
        />
      ))}
      <datalist id={list}>
        {results.map((result) => (
          <option key={result} value={result} />
        ))}
      </datalist>
      <div className="flex flex-wrap gap-2">
        {free.map((name) => (
          <Button
            key={name}
            small
            kind="quiet"
            onClick={() => change([...given, { name, from: "value", text: "" }])}
          >
            <Plus aria-hidden className="size-3.5" /> {name}
          </Button>
        ))}
      </div>
    </fieldset>
  );
}

interface ArgumentProps {
  one: Given;
  put: (one: Given) => void;
  remove: () => void;
  needed: boolean;
  hint: string | undefined;
  fault: string | undefined;
  list: string;
}

function Argument({ one, put, remove, needed, hint, fault, list }: ArgumentProps) {
  const long = one.from === "value" && one.text.length > 60;
  return (
    <Labelled
      label={needed ? `${one.name} (needed)` : one.name}
      {...(hint !== undefined && { hint })}
      fault={fault}
    >
      {(ids) => (
        <div className="flex flex-wrap gap-2 sm:flex-nowrap">
          <select
            aria-label={`${one.name}: where from`}
            className="field !w-auto self-start"
            value={one.from}
            onChange={({ target }) => put({ ...one, from: target.value === "result" ? "result" : "value" })}
          >
            <option value="value">value</option>
            <option value="result">result of</option>
          </select>
          {long ? (
            <textarea
              {...ids}
              rows={3}
              className="field min-w-0 flex-1"
              value={one.text}
              onChange={({ target }) => put({ ...one, text: target.value })}
            />
          ) : (
            <input
              {...ids}
              className="field min-w-0 flex-1"
              list={one.from === "result" ? list : undefined}
              placeholder={one.from === "result" ? "sub-task.field" : undefined}
              value={one.text}
              onChange={({ target }) => put({ ...one, text: target.value })}
            />
          )}
          {!needed && (
            <Button kind="quiet" small onClick={remove} aria-label={`Take ${one.name} away`}>
              <X aria-hidden className="size-4" />
            </Button>
          )}
        </div>
      )}
    </Labelled>
  );
}
