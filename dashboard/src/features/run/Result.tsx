import type { Run } from "@/api/types";
import { OutputView } from "@/components/Output";
import { messageOf } from "@/features/run/words";

export function Result({ run }: { run: Run }) {
  const { result, error } = run;
  if (!result && !error) return null;
  return (
    <section aria-label="Result" className="card space-y-4 p-4 sm:p-5">
      {error && <p className="font-medium break-words text-bad">{messageOf(error)}</p>}
      {result?.text && (
        <p className="max-w-4xl text-[1.06rem] break-words whitespace-pre-wrap">{result.text}</p>
      )}
      {result?.outputs.map((output) => (
        <div key={`${output.subtask}.${output.name}`} className="space-y-1">
          <h3 className="text-[0.86rem] text-soft">
            {output.name} <span aria-hidden>·</span> {output.subtask}
          </h3>
          <OutputView
            name={output.file_name ?? output.name}
            value={output.value}
            mediaType={output.media_type}
            artifact={output.artifact ?? null}
            preview={output.preview}
          />
        </div>
      ))}
    </section>
  );
}
