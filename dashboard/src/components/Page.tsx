/** A page: its title, what can be done, its content, and the same as commands. */
import { Check, Copy, Terminal } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { curl, type Call } from "@/lib/curl";

interface Props {
  title: string;
  /** Beside the title: a badge, figures. */
  beside?: ReactNode;
  actions?: ReactNode;
  calls: readonly Call[];
  children: ReactNode;
}

export function Page({ title, beside, actions, calls, children }: Props) {
  useEffect(() => {
    document.title = `${title.slice(0, 60)} · Toolpath`;
  }, [title]);
  return (
    <div className="mx-auto w-full max-w-[88rem] space-y-5 px-4 py-5 sm:px-6">
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 space-y-1.5">
          <h1 className="line-clamp-3 max-w-4xl break-words">{title}</h1>
          {beside}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
      <CurlPanel calls={calls} />
    </div>
  );
}

function CurlPanel({ calls }: { calls: readonly Call[] }) {
  return (
    <details className="card">
      <summary className="flex items-center gap-2 px-4 py-2.5 font-medium text-soft hover:text-ink">
        <Terminal aria-hidden className="size-4" /> The same as curl
      </summary>
      <div className="space-y-4 border-t px-4 py-4">
        <p className="text-soft">
          The key lies in <code>local.key</code> in the data folder:{" "}
          <code>export TOOLPATH_API_KEY=$(cat ~/.local/share/toolpath/local.key)</code>
        </p>
        {calls.map((call) => (
          <Command key={call.what} call={call} />
        ))}
      </div>
    </details>
  );
}

function Command({ call }: { call: Call }) {
  const text = curl(call, window.location.origin);
  return (
    <div>
      <div className="mb-1 flex items-center justify-between gap-2">
        <h3 className="text-soft">{call.what}</h3>
        <CopyButton text={text} label={`Copy: ${call.what}`} />
      </div>
      <pre
        tabIndex={0}
        aria-label={call.what}
        className="overflow-x-auto rounded-md bg-sunken p-3 text-[0.82rem] leading-relaxed"
      >
        {text}
      </pre>
    </div>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1_500);
    });
  };
  return (
    <Button kind="quiet" small onClick={copy} aria-label={label}>
      {copied ? <Check aria-hidden className="size-3.5" /> : <Copy aria-hidden className="size-3.5" />}
      <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
    </Button>
  );
}
