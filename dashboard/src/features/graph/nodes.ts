/** The steps as nodes of the graph. A node that did not change stays the same object, so it is not drawn anew. */
import type { Node } from "@xyflow/react";
import type { Step } from "@/api/types";

export const WIDTH = 210;
export const HEIGHT = 84;

export type Drawable = Pick<Step, "idx" | "subtask" | "tool" | "status">;
export type StepNode = Node<{ step: Drawable }, "step">;
export type Places = ReadonlyMap<string, { x: number; y: number }>;

/** Makes the nodes of one graph again and again, keeping those that did not change. */
export function maker(): (steps: readonly Drawable[], places: Places, chosen: number | null) => StepNode[] {
  let known = new Map<number, StepNode>();
  return (steps, places, chosen) => {
    const nodes = steps.map((step) => {
      const fresh = nodeOf(step, places, step.idx === chosen);
      const before = known.get(step.idx);
      return before && same(before, fresh) ? before : fresh;
    });
    known = new Map(nodes.map((node) => [node.data.step.idx, node]));
    return nodes;
  };
}

function nodeOf(step: Drawable, places: Places, selected: boolean): StepNode {
  const id = String(step.idx);
  return {
    id,
    type: "step",
    position: places.get(id) ?? { x: 0, y: 0 },
    data: { step },
    selected,
    width: WIDTH,
    height: HEIGHT,
    ariaLabel: `${step.subtask}: ${step.tool}, ${step.status}`,
  };
}

function same(one: StepNode, other: StepNode): boolean {
  return (
    one.ariaLabel === other.ariaLabel && one.selected === other.selected && one.position === other.position
  );
}

export type Shape = [number, number[]][];

export function edgesOf(shape: Shape): { id: string; source: string; target: string }[] {
  return shape.flatMap(([idx, needs]) =>
    needs.map((need) => ({ id: `${need}-${idx}`, source: String(need), target: String(idx) })),
  );
}

/** All edges as one path: a thousand elements of their own would make panning slow. */
export function pathOf(shape: Shape, places: Places): string {
  return edgesOf(shape)
    .map(({ source, target }) => {
      const [from, to] = [places.get(source), places.get(target)];
      if (!from || !to) return "";
      const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
      const bend = Math.max(24, Math.abs(x2 - x1) / 2);
      return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    })
    .join("");
}
