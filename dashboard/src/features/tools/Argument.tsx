/** The control of one argument. */
import { useMutation } from "@tanstack/react-query";
import { upload } from "@/api/runs";
import { Labelled } from "@/components/Labelled";
import type { Field } from "@/features/tools/form";

interface Props {
  field: Field;
  fault: string | undefined;
  text: string;
  change: (text: string) => void;
}

export function Argument({ field, fault, text, change }: Props) {
  if (field.control === "file")
    return <FileArgument field={field} fault={fault} text={text} change={change} />;
  return (
    <Labelled label={labelOf(field)} hint={field.hint} fault={fault}>
      {(ids) => {
        const common = {
          ...ids,
          className: "field",
          value: text,
          onChange: ({ target }: { target: { value: string } }) => change(target.value),
        };
        const placeholder = field.example;
        switch (field.control) {
          case "choice":
            return <Choice {...common} choices={field.choices} />;
          case "yes-no":
            return <Choice {...common} choices={["true", "false"]} />;
          case "number":
            return (
              <input {...common} placeholder={placeholder} inputMode="decimal" className="field figures" />
            );
          case "line":
            return <input {...common} placeholder={placeholder} />;
          case "text":
            return <textarea {...common} placeholder={placeholder} rows={3} className="field resize-y" />;
          default:
            return (
              <textarea
                {...common}
                rows={3}
                spellCheck={false}
                placeholder={placeholder || "JSON"}
                className="field resize-y font-mono text-[0.86rem]"
              />
            );
        }
      }}
    </Labelled>
  );
}

function labelOf({ name, required }: Field): string {
  return required ? name : `${name} (optional)`;
}

type ChoiceProps = React.SelectHTMLAttributes<HTMLSelectElement> & { choices: string[] };

function Choice({ choices, ...rest }: ChoiceProps) {
  return (
    <select {...rest}>
      <option value="">–</option>
      {choices.map((json) => (
        <option key={json} value={json}>
          {json.replace(/^"(.*)"$/, "$1")}
        </option>
      ))}
    </select>
  );
}

function FileArgument({ field, fault, change }: Props) {
  const sending = useMutation({
    mutationFn: upload,
    onSuccess: (kept) =>
      change(JSON.stringify({ artifact: kept.id, media_type: kept.media_type, name: kept.name })),
  });
  const said = sending.isPending
    ? "Uploading…"
    : sending.data
      ? `${sending.data.name} is there.`
      : field.hint;
  return (
    <Labelled label={labelOf(field)} hint={said} fault={sending.error?.message ?? fault}>
      {(ids) => (
        <input
          {...ids}
          type="file"
          accept={field.accepts || undefined}
          className="field"
          onChange={({ target }) => {
            const file = target.files?.[0];
            change("");
            if (file) sending.mutate(file);
          }}
        />
      )}
    </Labelled>
  );
}
