/** What the two have yielded, side by side; texts and values with what differs marked. */
import { useQuery } from "@tanstack/react-query";
import { Equal } from "lucide-react";
import { textQuery } from "@/api/compare";
import type { Output, Run } from "@/api/types";
import { SideBySide } from "@/components/Diff";
import { OutputView, tableOf } from "@/components/Output";
import { alike } from "@/lib/diff";

/** Bytes of a text file that is read to be compared. */
const MOST_READ = 100_000;

export function Outputs({ one, other }: { one: Run; other: Run }) {
  const [mine, theirs] = [keyed(one), keyed(other)];
  const keys = [...new Set([...mine.keys(), ...theirs.keys()])];
  if (keys.length === 0) return <p className="card p-4 text-soft">Neither has yielded anything yet.</p>;
  return (
    <section aria-label="Outputs" className="card divide-y">
      {keys.map((key) => (
        <article key={key} className="space-y-2 p-4" aria-label={`Output ${key}`}>
          <h3 className="text-soft">{key.replace(".", " · ")}</h3>
          <Two label={key} one={mine.get(key)} other={theirs.get(key)} />
        </article>
      ))}
    </section>
  );
}

function keyed(run: Run): Map<string, Output> {
  return new Map(run.result?.outputs.map((output) => [`${output.subtask}.${output.name}`, output]));
}

interface TwoProps {
  label: string;
  one: Output | undefined;
  other: Output | undefined;
}

function Two({ label, one, other }: TwoProps) {
  const same =
    one && other && (one.artifact ?? null) === (other.artifact ?? null) && alike(one.value, other.value);
  if (same)
    return (
      <>
        <p className="flex items-center gap-2 text-soft">
          <Equal aria-hidden className="size-4" /> The same in both.
        </p>
        <Shown output={one} />
      </>
    );
  if (one?.artifact && other?.artifact && [one, other].every(isText))
    return <Files label={label} one={one.artifact} other={other.artifact} />;
  if (!one || !other || one.artifact || other.artifact) return <Beside one={one} other={other} />;
  return (
    <>
      {tableOf(one.value) && tableOf(other.value) && <Beside one={one} other={other} />}
      <SideBySide one={one.value} other={other.value} label={label} />
    </>
  );
}

function isText({ media_type, size }: Output): boolean {
  return (media_type.startsWith("text/") || media_type === "application/json") && (size ?? 0) <= MOST_READ;
}

function Files({ label, one, other }: { label: string; one: string; other: string }) {
  const [mine, theirs] = [useQuery(textQuery(one)), useQuery(textQuery(other))];
  const error = mine.error ?? theirs.error;
  if (error) return <p className="text-bad">{error.message}</p>;
  if (mine.data === undefined || theirs.data === undefined)
    return <p className="min-h-24 text-soft">Reading the files…</p>;
  return <SideBySide one={mine.data} other={theirs.data} label={label} />;
}

function Beside({ one, other }: { one: Output | undefined; other: Output | undefined }) {
  return (
    <div className="grid gap-4 md:grid-cols-2">
      {[one, other].map((output, number) => (
        <div key={number} className="min-w-0">
          {output ? (
            <Shown output={output} />
          ) : (
            <p className="text-soft">{number === 0 ? "The first" : "The second"} run has none such.</p>
          )}
        </div>
      ))}
    </div>
  );
}

function Shown({ output }: { output: Output }) {
  return (
    <OutputView
      name={output.file_name ?? output.name}
      value={output.value}
      mediaType={output.media_type}
      artifact={output.artifact ?? null}
      preview={output.preview}
    />
  );
}
