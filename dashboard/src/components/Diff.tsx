/** Two values set against one another; what differs is marked by signs and lines, never by colour alone. */
import { difference, shortened, textOf, type Difference, type Part } from "@/lib/diff";

interface Props {
  one: unknown;
  other: unknown;
  label: string;
  by?: Difference["by"];
}

/** In one piece: what is gone, what is new, and a little of what stands around it. */
export function Diff({ one, other, label, by: wanted }: Props) {
  const { by, parts } = difference(one, other, wanted);
  if (!parts) return <TooMuch />;
  return (
    <Shown label={label} by={by}>
      <Parts parts={shortened(parts, by)} by={by} />
    </Shown>
  );
}

/** Side by side, each whole, with what the other one lacks marked. */
export function SideBySide({ one, other, label }: Omit<Props, "by">) {
  const { by, parts } = difference(one, other);
  const sides = [
    { name: "first", text: textOf(one), without: "new" },
    { name: "second", text: textOf(other), without: "gone" },
  ] as const;
  return (
    <div className="space-y-2">
      <div className="grid gap-3 md:grid-cols-2">
        {sides.map(({ name, text, without }) => (
          <Shown key={name} label={`${label}, ${name}`} by={by}>
            {parts ? <Parts parts={parts.filter(({ kind }) => kind !== without)} by={by} /> : text}
          </Shown>
        ))}
      </div>
      {!parts && <TooMuch />}
    </div>
  );
}

function TooMuch() {
  return <p className="text-soft">They are too long, or too different, to mark what differs.</p>;
}

function Shown({ label, by, children }: { label: string; by: Difference["by"]; children: React.ReactNode }) {
  const look = by === "lines" ? "font-mono text-[0.82rem]" : "text-[0.94rem]";
  return (
    <div
      tabIndex={0}
      role="group"
      aria-label={label}
      className={`max-h-96 min-w-0 overflow-auto rounded-md bg-sunken p-3 leading-relaxed break-words whitespace-pre-wrap ${look}`}
    >
      {children}
    </div>
  );
}

const LOOKS = {
  same: { tag: "span", sign: "  ", look: "" },
  gone: { tag: "del", sign: "− ", look: "bg-bad-wash text-bad" },
  new: { tag: "ins", sign: "+ ", look: "bg-good-wash text-good" },
} as const satisfies Record<Part["kind"], unknown>;

function Parts({ parts, by }: { parts: readonly Part[]; by: Difference["by"] }) {
  return parts.map(({ kind, text }, number) => {
    const { tag: Tag, sign, look } = LOOKS[kind];
    if (by === "words")
      return (
        <Tag key={number} className={`rounded-xs ${look}`}>
          {text}
        </Tag>
      );
    const lines = text.replace(/\n$/, "").split("\n");
    return (
      <Tag key={number} className={`block no-underline ${look}`}>
        {lines.map((line) => sign + line).join("\n")}
      </Tag>
    );
  });
}
