/** What the service runs as, without a secret. */
import { Search } from "lucide-react";
import { useState } from "react";
import type { Settings } from "@/api/types";
import { listedSettings } from "@/features/settings/listed";

export function Configuration({ settings }: { settings: Settings }) {
  const [words, setWords] = useState("");
  const wanted = words.toLowerCase().trim().replaceAll(" ", "_");
  const all = listedSettings(settings.settings);
  const shown = all.filter(({ name, value }) => `${name} ${value}`.toLowerCase().includes(wanted));
  const facts = [
    ["Version", settings.version],
    ["Python", settings.python],
    ["Database", settings.database],
    ["Runs", settings.embedded ? "in one process, with its own runner" : "with workers of its own"],
  ] as const;
  return (
    <>
      <dl className="card grid grid-cols-2 gap-4 p-4 sm:grid-cols-4">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="text-[0.86rem] text-soft">{name}</dt>
            <dd className="font-medium">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="text-soft">
        Set by variables TOOLPATH_NAME or in <code>toolpath.toml</code> and read when the service starts.
        Secrets and what often holds some are masked.
      </p>
      <div className="relative max-w-md">
        <Search aria-hidden className="absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-soft" />
        <input
          type="search"
          aria-label="Find a setting"
          placeholder="Find a setting"
          className="field !pl-8"
          value={words}
          onChange={({ target }) => setWords(target.value)}
        />
      </div>
      <section aria-label="Effective settings" className="card overflow-hidden">
        <dl className="divide-y">
          {shown.map(({ name, value }) => (
            <div key={name} className="grid gap-x-4 px-4 py-1.5 sm:grid-cols-[20rem_minmax(0,1fr)]">
              <dt className="min-w-0 break-words">
                <code>{name}</code>
              </dt>
              <dd className="min-w-0 break-words whitespace-pre-wrap">
                {value === "" ? <span className="text-soft">not set</span> : value}
              </dd>
            </div>
          ))}
        </dl>
        {shown.length === 0 && <p className="p-4 text-soft">No setting has these words.</p>}
      </section>
    </>
  );
}
