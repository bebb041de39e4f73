import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useState } from "react";
import { SearchBox } from "@/components/SearchBox";
import { sourcesQuery } from "@/api/tools";
import { Button } from "@/components/Button";
import { KINDS, TOOL_LOOKS } from "@/components/ToolStatus";
import { Toggles } from "@/components/Toggles";
import { changed, KIND_NAMES, STATUSES, type Filter } from "@/features/tools/filter";

interface Props {
  filter: Filter;
  change: (filter: Filter) => void;
}

export function ToolFilters({ filter, change }: Props) {
  const [cleared, setCleared] = useState(0);
  const clear = () => {
    setCleared(cleared + 1);
    change({});
  };
  return (
    <div className="space-y-3" role="search" aria-label="Tools">
      <div className="grid gap-2 sm:grid-cols-[minmax(12rem,1fr)_16rem_auto]">
        <SearchBox
          key={cleared}
          label="What a tool should do"
          placeholder="What should a tool do?"
          value={filter.q ?? ""}
          change={(words) => change(changed(filter, "q", words))}
        />
        <Sources filter={filter} change={change} />
        <Button kind="quiet" disabled={Object.keys(filter).length === 0} onClick={clear}>
          <X aria-hidden className="size-4" /> Clear
        </Button>
      </div>
      <div className="flex flex-wrap gap-x-5 gap-y-2">
        <Toggles
          label="Kind"
          all={KIND_NAMES}
          looks={KINDS}
          chosen={filter.kind ?? []}
          change={(kind) => change(changed(filter, "kind", kind))}
        />
        <Toggles
          label="Availability"
          all={STATUSES}
          looks={TOOL_LOOKS}
          chosen={filter.status ?? []}
          change={(status) => change(changed(filter, "status", status))}
        />
      </div>
    </div>
  );
}

function Sources({ filter, change }: Props) {
  const { data } = useQuery(sourcesQuery);
  const known = (data?.items ?? []).filter(({ tools, name }) => tools > 0 || name === filter.source);
  const unknown = filter.source && !known.some(({ name }) => name === filter.source);
  return (
    <select
      aria-label="Source"
      className="field"
      value={filter.source ?? ""}
      onChange={({ target }) => change(changed(filter, "source", target.value))}
    >
      <option value="">Any source</option>
      {unknown && <option value={filter.source}>{filter.source}</option>}
      {known.map(({ name, tools }) => (
        <option key={name} value={name}>
          {name} ({tools})
        </option>
      ))}
    </select>
  );
}
