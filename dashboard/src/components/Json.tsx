import { CopyButton } from "@/components/Page";

/** A JSON value as text. Nothing of it is ever read as HTML. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const text = JSON.stringify(value, null, 2);
  return (
    <div className="relative">
      <pre
        tabIndex={0}
        aria-label={label}
        className="max-h-96 overflow-auto rounded-md bg-sunken p-3 pr-20 text-[0.82rem] leading-relaxed break-words whitespace-pre-wrap"
      >
        {text}
      </pre>
      <div className="absolute top-1 right-2">
        <CopyButton text={text} label={`Copy: ${label}`} />
      </div>
    </div>
  );
}
