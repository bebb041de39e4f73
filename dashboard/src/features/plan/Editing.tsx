/** Forms over a sub-task: change it, add one after it, or split it into several. */
import { useState, type ReactNode, type SubmitEvent } from "react";
import type { Edit, Option, SubTask } from "@/api/types";
import { Button } from "@/components/Button";
import {
  argumentsOf,
  blank,
  editsOf,
  formOf,
  freeId,
  newSubTask,
  type Form,
  type Takes,
} from "@/features/plan/edits";
import { SubTaskForm } from "@/features/plan/SubTaskForm";
import { useTools } from "@/features/plan/useTools";
import type { Fault } from "@/features/plan/words";

interface Shared {
  /** All sub-tasks of the plan. */
  ids: readonly string[];
  results: readonly string[];
  faults: readonly Fault[];
  busy: boolean;
  apply: (edits: Edit[]) => void;
  close: () => void;
}

interface OfOne extends Shared {
  subtask: SubTask;
  chosen: Option | undefined;
}

/** By argument or field, what is wrong: found here, or said by the service. */
function byField(faults: readonly Fault[]): Record<string, string> {
  return Object.fromEntries(
    faults.map(({ path, detail }) => [path.replace(/^arguments\//, "").split("/")[0] ?? "", detail]),
  );
}

export function Change({ subtask, chosen, ids, results, faults, busy, apply, close }: OfOne) {
  const [form, setForm] = useState(() => formOf(subtask, chosen));
  const [own, setOwn] = useState<Record<string, string>>({});
  const last = chosen?.calls.at(-1);
  const tool = form.tool.trim() || (last?.tool ?? "");
  const takes = useTools([tool]).get(tool);
  const submit = () => {
    if (!form.goal.trim()) {
      setOwn({ goal: "Say what is to be done." });
      return;
    }
    const read = argumentsOf(form.given, takes, last?.arguments);
    setOwn("faults" in read ? read.faults : {});
    if ("faults" in read) return;
    const edits = editsOf(subtask, chosen, form, read.values);
    if (edits.length > 0) apply(edits);
    else close();
  };
  return (
    <Frame label={`Change ${subtask.id}`} word="Change it" busy={busy} submit={submit} close={close}>
      <SubTaskForm
        form={form}
        change={setForm}
        faults={{ ...byField(faults), ...own }}
        fresh={false}
        takes={takes}
        others={ids.filter((id) => id !== subtask.id)}
        results={results.filter((result) => !result.startsWith(`${subtask.id}.`))}
      />
    </Frame>
  );
}

interface AddProps extends Shared {
  after: string | undefined;
}

export function Add({ after, ids, results, faults, busy, apply, close }: AddProps) {
  const [form, setForm] = useState(() => blank(freeId("step", ids)));
  const [own, setOwn] = useState<Record<string, string>>({});
  const takes = useTools([form.tool]).get(form.tool.trim());
  const submit = () => {
    const read = readNew(form, takes);
    setOwn("faults" in read ? read.faults : {});
    if ("made" in read) apply([{ op: "add", subtask: read.made, ...(after !== undefined && { after }) }]);
  };
  return (
    <Frame label="Add a sub-task" word="Add it" busy={busy} submit={submit} close={close}>
      <SubTaskForm
        form={form}
        change={setForm}
        faults={{ ...byField(faults), ...own }}
        fresh
        takes={takes}
        others={ids}
        results={results}
      />
    </Frame>
  );
}

function readNew(form: Form, takes: Takes | undefined, before: Record<string, unknown> = {}) {
  const faults: Record<string, string> = {};
  if (!form.goal.trim() && !form.tool.trim()) faults.goal = "Say what is to be done, or name a tool.";
  if (!form.id.trim()) faults.id = "Give it an id.";
  const read = argumentsOf(form.given, takes, before);
  if ("faults" in read) return { faults: { ...faults, ...read.faults } };
  return Object.keys(faults).length > 0 ? { faults } : { made: newSubTask(form, read.values) };
}

/** The parts do the work of the sub-task together; what others use comes from the last. */
export function Split({ subtask, chosen, ids, results, faults, busy, apply, close }: OfOne) {
  const [parts, setParts] = useState<Form[]>(() => {
    const first = { ...formOf(subtask, chosen), id: freeId(`${subtask.id}_1`, ids) };
    const tool = chosen?.calls.at(-1)?.tool ?? "";
    return [
      { ...first, tool },
      { ...blank(subtask.id), goal: subtask.goal },
    ];
  });
  const tools = useTools(parts.map(({ tool }) => tool));
  const [own, setOwn] = useState<Record<number, Record<string, string>>>({});
  const submit = () => {
    const before = chosen?.calls.at(-1)?.arguments;
    const read = parts.map((part, place) =>
      readNew(part, tools.get(part.tool.trim()), place === 0 ? before : undefined),
    );
    setOwn(Object.fromEntries(read.map((one, place) => [place, "faults" in one ? one.faults : {}])));
    const into = read.flatMap((one) => ("made" in one ? [one.made] : []));
    if (into.length === parts.length) apply([{ op: "extend", id: subtask.id, into }]);
  };
  const add = () => {
    const id = freeId(`${subtask.id}_${parts.length}`, [...ids, ...parts.map((part) => part.id)]);
    setParts([...parts.slice(0, -1), blank(id), ...parts.slice(-1)]);
  };
  return (
    <Frame label={`Split ${subtask.id}`} word="Split it" busy={busy} submit={submit} close={close}>
      {parts.map((part, place) => (
        <fieldset key={place} className="rounded-md border p-3">
          <legend className="px-1 font-medium">
            Part {place + 1}
            {place === parts.length - 1 && ": what others use"}
          </legend>
          <SubTaskForm
            form={part}
            change={(next) => setParts(parts.map((old, at) => (at === place ? next : old)))}
            faults={{ ...byField(partFaults(faults, place, part.id)), ...own[place] }}
            fresh
            takes={tools.get(part.tool.trim())}
            focus={place === 0}
            others={[]}
            results={[
              ...results,
              ...parts
                .slice(0, place)
                .flatMap(({ id, tool }) =>
                  (tools.get(tool.trim())?.gives ?? []).map((field) => `${id}.${field}`),
                ),
            ]}
          />
        </fieldset>
      ))}
      <Button small onClick={add}>
        Another part
      </Button>
    </Frame>
  );
}

/** A refusal counts the parts of a split by number. */
function partFaults(faults: readonly Fault[], place: number, id: string): Fault[] {
  return faults
    .filter(({ path }) => path.split("/")[0] === String(place) || path.split("/")[0] === id)
    .map(({ path, detail }) => ({ path: path.split("/").slice(1).join("/"), detail }));
}

interface FrameProps {
  label: string;
  word: string;
  busy: boolean;
  submit: () => void;
  close: () => void;
  children: ReactNode;
}

function Frame({ label, word, busy, submit, close, children }: FrameProps) {
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    submit();
  };
  return (
    <form
      aria-label={label}
      noValidate
      onSubmit={onSubmit}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
      className="space-y-3 rounded-lg border border-accent p-4"
    >
      {children}
      <div className="flex gap-2">
        <Button type="submit" kind="primary" disabled={busy}>
          {word}
        </Button>
        <Button onClick={close}>Leave it</Button>
      </div>
    </form>
  );
}
