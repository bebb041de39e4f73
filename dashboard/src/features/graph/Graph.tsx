/** The steps of a run and what each needs, laid out by ELK in a worker. Loaded when a graph is first drawn. */
import "@xyflow/react/dist/style.css";
import {
  Background,
  Controls,
  Handle,
  Position,
  ReactFlow,
  type Edge,
  type Node,
  type NodeProps,
} from "@xyflow/react";
import ELK from "elkjs/lib/elk-api";
import ElkWorker from "elkjs/lib/elk-worker.min.js?worker";
import { memo, useEffect, useMemo, useState } from "react";
import type { Step } from "@/api/types";
import { StepBadge } from "@/components/Status";

type StepNode = Node<{ step: Pick<Step, "subtask" | "tool" | "status"> }, "step">;
type Places = Map<string, { x: number; y: number }>;

const WIDTH = 210;
const HEIGHT = 84;
const elk = new ELK({ workerFactory: () => new ElkWorker() });

interface Props {
  steps: readonly Step[];
  chosen: number | null;
  choose: (idx: number) => void;
}

export function Graph({ steps, chosen, choose }: Props) {
  // The layout follows from what needs what; a change of status moves nothing.
  const shape = JSON.stringify(steps.map(({ idx, needs }) => [idx, needs]));
  const places = usePlaces(shape);
  const nodes = useMemo<StepNode[]>(
    () =>
      steps.map((step) => ({
        id: String(step.idx),
        type: "step",
        position: places?.get(String(step.idx)) ?? { x: 0, y: 0 },
        data: { step },
        selected: step.idx === chosen,
        width: WIDTH,
        height: HEIGHT,
        ariaLabel: `${step.subtask}: ${step.tool}, ${step.status}`,
      })),
    [steps, places, chosen],
  );
  const edges = useMemo(() => edgesOf(JSON.parse(shape) as Shape), [shape]);
  if (!places) return <div className="h-80" role="status" aria-label="Laying out the graph" />;
  return (
    <div className="h-80">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        onNodeClick={(_, node) => choose(Number(node.id))}
        onSelectionChange={({ nodes: [node] }) => {
          if (node) choose(Number(node.id));
        }}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        onlyRenderVisibleElements
        minZoom={0.05}
        fitView
        fitViewOptions={{ maxZoom: 1 }}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

type Shape = [number, number[]][];

function edgesOf(shape: Shape): Edge[] {
  return shape.flatMap(([idx, needs]) =>
    needs.map((need) => ({ id: `${need}-${idx}`, source: String(need), target: String(idx) })),
  );
}

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
  return (
    <div
      className={`h-full w-full space-y-1 rounded-lg border bg-surface p-2.5 text-ink ${selected ? "border-accent ring-2 ring-accent" : "border-line-strong"}`}
    >
      <Handle type="target" position={Position.Left} className="!opacity-0" />
      <p className="truncate text-[0.9rem] leading-tight font-medium">{step.subtask}</p>
      <p className="truncate text-[0.8rem] leading-tight text-soft">{step.tool}</p>
      <StepBadge status={step.status} />
      <Handle type="source" position={Position.Right} className="!opacity-0" />
    </div>
  );
});

const TYPES = { step: Drawn };
