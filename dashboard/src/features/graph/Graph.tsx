/** The steps of a run and what each needs, laid out by ELK in a worker. Loaded when a graph is first drawn. */
import "@xyflow/react/dist/style.css";
import { Background, Controls, ReactFlow, useStore, ViewportPortal, type NodeProps } from "@xyflow/react";
import ELK from "elkjs/lib/elk-api";
import ElkWorker from "elkjs/lib/elk-worker.min.js?worker";
import { memo, useEffect, useMemo, useState } from "react";
import type { Step } from "@/api/types";
import { StepBadge, StepIcon } from "@/components/Status";
import {
  edgesOf,
  HEIGHT,
  maker,
  pathOf,
  WIDTH,
  type Places,
  type Shape,
  type StepNode,
} from "@/features/graph/nodes";

const elk = new ELK({ workerFactory: () => new ElkWorker() });
/** Below this scale words cannot be read; each step is its icon then. */
const READABLE = 0.4;

interface Props {
  steps: readonly Step[];
  chosen: number | null;
  choose: (idx: number) => void;
}

export function Graph({ steps, chosen, choose }: Props) {
  // The layout follows from what needs what; a change of status moves nothing.
  const shape = JSON.stringify(steps.map(({ idx, needs }) => [idx, needs]));
  const places = usePlaces(shape);
  const [make] = useState(maker);
  const [moves, setMoves] = useState(false);
  const nodes = useMemo(() => (places ? make(steps, places, chosen) : []), [make, steps, places, chosen]);
  if (!places) return <div className="h-80" role="status" aria-label="Laying out the graph" />;
  return (
    <div className={`h-80 contain-strict ${moves ? "graph-moves" : ""}`}>
      <ReactFlow
        nodes={nodes}
        nodeTypes={TYPES}
        onNodeClick={(_, node) => choose(Number(node.id))}
        onSelectionChange={({ nodes: [node] }) => {
          if (node) choose(Number(node.id));
        }}
        onMoveStart={() => setMoves(true)}
        onMoveEnd={() => setMoves(false)}
        nodesDraggable={false}
        nodesConnectable={false}
        deleteKeyCode={null}
        minZoom={0.05}
        fitView
        fitViewOptions={{ maxZoom: 1 }}
      >
        <Edges shape={shape} places={places} />
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

const Edges = memo(function Edges({ shape, places }: { shape: string; places: Places }) {
  const known = JSON.parse(shape) as Shape;
  return (
    <ViewportPortal>
      <svg aria-hidden className="pointer-events-none absolute top-0 left-0 -z-10 size-px overflow-visible">
        <path
          data-edges={edgesOf(known).length}
          d={pathOf(known, places)}
          className="fill-none stroke-line-strong"
        />
      </svg>
    </ViewportPortal>
  );
});

function usePlaces(shape: string): Places | null {
  const [places, setPlaces] = useState<Places | null>(null);
  useEffect(() => {
    let wanted = true;
    const known = JSON.parse(shape) as Shape;
    const edges = edgesOf(known).map(({ id, source, target }) => ({
      id,
      sources: [source],
      targets: [target],
    }));
    const graph = {
      id: "run",
      layoutOptions: {
        "elk.algorithm": "layered",
        "elk.direction": "RIGHT",
        "elk.layered.spacing.nodeNodeBetweenLayers": "60",
        "elk.spacing.nodeNode": "24",
      },
      children: known.map(([idx]) => ({ id: String(idx), width: WIDTH, height: HEIGHT })),
      edges,
    };
    void elk.layout(graph).then(({ children = [] }) => {
      if (wanted) setPlaces(new Map(children.map(({ id, x = 0, y = 0 }) => [id, { x, y }])));
    });
    return () => {
      wanted = false;
    };
  }, [shape]);
  return places;
}

const Drawn = memo(function Drawn({ data: { step }, selected }: NodeProps<StepNode>) {
  const far = useStore(({ transform: [, , scale] }) => scale < READABLE);
  const edge = selected ? "border-accent ring-2 ring-accent" : "border-line-strong";
  if (far)
    return (
      <div className={`flex h-full items-center justify-center rounded-lg border-2 bg-surface ${edge}`}>
        <StepIcon status={step.status} />
      </div>
    );
  return (
    <div className={`h-full w-full space-y-1 rounded-lg border bg-surface p-2.5 text-ink ${edge}`}>
      <p className="truncate text-[0.9rem] leading-tight font-medium">{step.subtask}</p>
      <p className="truncate text-[0.8rem] leading-tight text-soft">{step.tool}</p>
      <StepBadge status={step.status} />
    </div>
  );
});

const TYPES = { step: Drawn };
