/** Pages side by side, each with an address of its own. */
import { Link } from "@tanstack/react-router";

interface Tab {
  name: string;
  to: string;
  search?: Record<string, string>;
}

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav aria-label={label} className="flex gap-1 overflow-x-auto border-b">
      {tabs.map(({ name, to, search }) => (
        <Link
          key={name}
          to={to}
          search={search ?? {}}
          activeOptions={{ exact: true, includeSearch: search !== undefined }}
          className="-mb-px border-b-2 border-transparent px-3 py-1.5 whitespace-nowrap text-soft hover:text-ink"
          activeProps={{ className: "!border-accent !text-ink font-medium", "aria-current": "page" }}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}
