import { Link } from "@tanstack/react-router";
import type { Tool, ToolFound } from "@/api/types";
import { KindMark, ToolBadge } from "@/components/ToolStatus";

/** By name, whatever their state. */
export function ToolList({ tools }: { tools: readonly Tool[] }) {
  return (
    <ul aria-label="Tools" className="divide-y">
      {tools.map((tool) => (
        <Row key={tool.name} tool={tool} beside={<ToolBadge status={tool.status} />}>
          {tool.status !== "active" && <p className="text-[0.9rem] break-words text-warn">{tool.reason}</p>}
        </Row>
      ))}
    </ul>
  );
}

/** As the retriever ranks them: the score, against the best one, and the words that speak for each. */
export function FoundList({ tools }: { tools: readonly ToolFound[] }) {
  const best = tools[0]?.score ?? 0;
  return (
    <ol aria-label="Tools found" className="divide-y">
      {tools.map((tool) => (
        <Row key={tool.name} tool={tool} beside={<Score score={tool.score} best={best} />}>
          <p className="text-[0.86rem] break-words text-soft">
            {tool.why.length > 0 ? `matched ${tool.why.join(", ")}` : "matched none of the words"}
          </p>
        </Row>
      ))}
    </ol>
  );
}

function Row({
  tool,
  beside,
  children,
}: {
  tool: Pick<Tool, "name" | "summary" | "kind" | "source">;
  beside: React.ReactNode;
  children: React.ReactNode;
}) {
  return (
    <li
      data-tool={tool.name}
      className="grid items-center gap-x-4 gap-y-1.5 px-4 py-3 hover:bg-page sm:grid-cols-[minmax(0,1fr)_6rem_14rem_8.5rem]"
    >
      <div className="min-w-0">
        <Link
          to="/tools/$name"
          params={{ name: tool.name }}
          className="block truncate font-medium hover:text-accent hover:underline"
        >
          {tool.name}
        </Link>
        <p className="truncate text-[0.9rem] text-soft" title={tool.summary}>
          {tool.summary}
        </p>
        {children}
      </div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 sm:contents">
        <span className="text-[0.9rem] text-soft">
          <KindMark kind={tool.kind} />
        </span>
        <Link
          to="/tools"
          search={{ source: tool.source }}
          className="truncate text-[0.9rem] text-soft hover:text-ink hover:underline"
          title={tool.source}
        >
          {tool.source}
        </Link>
        <div className="sm:justify-self-end">{beside}</div>
      </div>
    </li>
  );
}

function Score({ score, best }: { score: number; best: number }) {
  return (
    <div className="w-28" title="The score that the retriever gives it for these words">
      <p className="figures text-[0.9rem] sm:text-right">
        <span className="sr-only">Score </span>
        {score.toFixed(2)}
      </p>
      <progress
        aria-label="Score against the best"
        max={best || 1}
        value={score}
        className="block h-1.5 w-full overflow-hidden rounded-full bg-sunken accent-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent"
      />
    </div>
  );
}
