/** A tool called with arguments of one's own: a form of its schema, or JSON; then what came back. */
import { useMutation } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useState } from "react";
import { invoke } from "@/api/tools";
import type { ToolRecord, Tried } from "@/api/types";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { Failure } from "@/components/Notice";
import { OutputView, stored } from "@/components/Output";
import { duration, money } from "@/lib/format";
import { Argument } from "@/features/tools/Argument";
import { argumentsOf, fieldsOf, isObject, read, typedOf, type Typed } from "@/features/tools/form";

interface Props {
  tool: ToolRecord;
  /** What would be sent, for those who would rather type it in a terminal. */
  onChange: (values: Record<string, unknown>) => void;
}

export function TryIt({ tool, onChange }: Props) {
  const [fields] = useState(() => fieldsOf(tool.input_schema));
  const [typed, setTyped] = useState<Typed>({});
  const [json, setJson] = useState<string | null>(fields.length === 0 ? "{}" : null);
  const [pressed, setPressed] = useState(false);
  const trying = useMutation({ mutationFn: (values: Record<string, unknown>) => invoke(tool.name, values) });
  const given = json === null ? argumentsOf(fields, typed) : fromJson(json);
  const faults = pressed ? given.faults : {};
  const say = (next: Typed) => {
    setTyped(next);
    onChange(argumentsOf(fields, next).values);
  };
  const toJson = () => setJson(JSON.stringify(given.values, null, 2));
  const toForm = () => {
    setTyped(typedOf(fields, given.values));
    setJson(null);
  };
  return (
    <section aria-label="Try it" className="card space-y-3 p-4">
      <div className="flex flex-wrap items-baseline justify-between gap-2">
        <h2>Try it</h2>
        {fields.length > 0 && (
          <Button kind="quiet" small onClick={json === null ? toJson : toForm}>
            {json === null ? "Arguments as JSON" : "Arguments as a form"}
          </Button>
        )}
      </div>
      <Warning tool={tool} />
      <Examples
        tool={tool}
        take={(values) => {
          if (json === null) say(typedOf(fields, values));
          else setJson(JSON.stringify(values, null, 2));
        }}
      />
      <form
        noValidate
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          setPressed(true);
          if (Object.keys(given.faults).length === 0) trying.mutate(given.values);
        }}
      >
        {json === null ? (
          fields.map((field) => (
            <Argument
              key={field.name}
              field={field}
              fault={faults[field.name]}
              text={typed[field.name] ?? ""}
              change={(text) => say({ ...typed, [field.name]: text })}
            />
          ))
        ) : (
          <Labelled label="Arguments" hint="A JSON object." fault={faults.json}>
            {(ids) => (
              <textarea
                {...ids}
                rows={8}
                spellCheck={false}
                className="field resize-y font-mono text-[0.86rem]"
                value={json}
                onChange={({ target }) => {
                  setJson(target.value);
                  onChange(fromJson(target.value).values);
                }}
              />
            )}
          </Labelled>
        )}
        <Button type="submit" kind="primary" disabled={trying.isPending}>
          <Play aria-hidden className="size-4" /> {trying.isPending ? "Calling…" : "Call the tool"}
        </Button>
      </form>
      {trying.error && <Failure error={trying.error} />}
      <div aria-live="polite">{trying.data && <Came tried={trying.data} />}</div>
    </section>
  );
}

function fromJson(text: string): { values: Record<string, unknown>; faults: Record<string, string> } {
  const found = read(text);
  if ("fault" in found) return { values: {}, faults: { json: found.fault } };
  const { value } = found;
  if (!isObject(value)) return { values: {}, faults: { json: "An object is asked for, such as {}." } };
  return { values: value, faults: {} };
}

function Warning({ tool }: { tool: ToolRecord }) {
  if (tool.status === "active" && tool.effect === "read") return null;
  const words =
    tool.status === "active"
      ? "This tool acts: what you call here is really done."
      : `It cannot be called now: ${tool.reason}`;
  return <p className="rounded-md bg-warn-wash px-3 py-2 break-words text-warn">{words}</p>;
}

/** The calls of the tool's document, to begin with. */
function Examples({ tool, take }: { tool: ToolRecord; take: (values: Record<string, unknown>) => void }) {
  const known = tool.docs.examples.map((one) => one.arguments).filter(isObject);
  if (known.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {known.map((values, number) => (
        <Button key={number} kind="quiet" small onClick={() => take(values)}>
          Fill in example {number + 1}
        </Button>
      ))}
    </div>
  );
}

function Came({ tried }: { tried: Tried }) {
  const { usage } = tried;
  const tokens = usage.tokens_in + usage.tokens_out;
  return (
    <div role="group" aria-label="What came back" className="space-y-3 border-t pt-3">
      <p className="figures text-soft">
        {duration(usage.seconds)}, {money(usage.usd)}
        {tokens > 0 &&
          `, ${usage.tokens_in.toLocaleString()} tokens in and ${usage.tokens_out.toLocaleString()} out`}
      </p>
      {Object.entries(tried.output).map(([name, value]) => (
        <div key={name} className="space-y-1">
          <p className="text-[0.86rem] text-soft">{name}</p>
          <OutputView name={name} value={value} {...stored(value)} />
        </div>
      ))}
      {tried.record.length > 0 && (
        <details>
          <summary className="text-soft">What was sent and got ({tried.record.length})</summary>
          <ol className="mt-2 space-y-3">
            {tried.record.map((exchange, number) => (
              <li key={number} className="space-y-1">
                <p className="text-soft">in {duration(exchange.seconds)}</p>
                {[exchange.request, exchange.reply, exchange.error].filter(Boolean).map((text) => (
                  <pre
                    key={text}
                    tabIndex={0}
                    className="max-h-60 overflow-auto rounded-md bg-sunken p-3 text-[0.82rem] break-words whitespace-pre-wrap"
                  >
                    {text}
                  </pre>
                ))}
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}
