import type { ToolVersion } from "@/api/types";
import { Changes } from "@/components/Changes";
import { When } from "@/components/When";

export function Versions({ versions }: { versions: readonly ToolVersion[] }) {
  return (
    <section aria-label="Versions" className="card overflow-hidden">
      <h2 className="px-4 pt-3 pb-2">Versions</h2>
      <ol className="divide-y border-t">
        {versions.map((one, number) => (
          <li key={one.version} className="space-y-2 px-4 py-2.5">
            <p>
              <span className="font-medium">Version {one.version}</span>{" "}
              <span className="text-soft">
                made <When at={one.created_at} />, <code title={one.hash}>{one.hash.slice(0, 12)}</code>
              </span>
            </p>
            {one.changes.length > 0 ? (
              <Changes changes={one.changes} />
            ) : (
              <p className="text-soft">
                {number === versions.length - 1 ? "The first one." : "It differs in how it is called."}
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
