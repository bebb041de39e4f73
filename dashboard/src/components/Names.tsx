/** Names of tools, added one by one with suggestions, each taken away by a press. */
import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useId, useState } from "react";
import { namesQuery } from "@/api/plans";
import { withName } from "@/api/wish";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";

interface Props {
  label: string;
  hint: string;
  fault: string | undefined;
  names: readonly string[];
  change: (names: string[]) => void;
}

export function Names({ label, hint, fault, names, change }: Props) {
  const [text, setText] = useState("");
  const add = () => {
    change(withName(names, text));
    setText("");
  };
  return (
    <div>
      <Labelled label={label} hint={hint} fault={fault}>
        {(ids) => (
          <div className="flex gap-2">
            <ToolName
              {...ids}
              value={text}
              change={setText}
              onEnter={() => {
                if (text.trim()) add();
              }}
            />
            <Button onClick={add} disabled={!text.trim()} aria-label={`${label}: add`}>
              Add
            </Button>
          </div>
        )}
      </Labelled>
      <ul aria-label={label} className="flex flex-wrap gap-1.5 empty:hidden">
        {names.map((name) => (
          <li key={name} className="flex items-center gap-1 rounded-md bg-sunken py-0.5 pr-1 pl-2.5">
            <span className="break-all">{name}</span>
            <button
              type="button"
              aria-label={`${label}: remove ${name}`}
              className="rounded p-1 text-soft hover:text-ink"
              onClick={() => change(names.filter((one) => one !== name))}
            >
              <X aria-hidden className="size-3.5" />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface FieldProps {
  id: string;
  "aria-describedby": string;
  "aria-invalid": boolean;
  value: string;
  change: (value: string) => void;
  onEnter?: () => void;
  placeholder?: string;
}

/** The name of one tool; the service suggests those that the words lead to. */
export function ToolName({ value, change, onEnter, ...rest }: FieldProps) {
  const list = useId();
  const found = useQuery(namesQuery(value));
  return (
    <>
      <input
        {...rest}
        list={list}
        autoComplete="off"
        spellCheck={false}
        className="field"
        value={value}
        onChange={({ target }) => change(target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !onEnter) return;
          event.preventDefault();
          onEnter();
        }}
      />
      <datalist id={list}>
        {(found.data ?? []).map(({ name, summary }) => (
          <option key={name} value={name}>
            {summary}
          </option>
        ))}
      </datalist>
    </>
  );
}
