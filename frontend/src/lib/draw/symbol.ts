/** Symbols of APP-6(D) and MIL-STD-2525D, as `tools/symbols.mjs` wrote them down. */

import symbols from '../symbols/symbols.json';

export type SymbolName = keyof typeof symbols;

interface Step {
  path: Path2D;
  fill: string | null;
  stroke: string | null;
  width: number;
}

/** The library draws in a box of 200 with its middle at 100, where the frame is about 110 wide. */
const MIDDLE = 100;
const FRAME = 110;

const steps = new Map<SymbolName, Step[]>();

function stepsOf(name: SymbolName): Step[] {
  let found = steps.get(name);
  if (!found) {
    found = symbols[name].steps.map(({ d, ...how }) => ({ path: new Path2D(d), ...how }));
    steps.set(name, found);
  }
  return found;
}

/** Draws a symbol with its middle at a point, its frame as wide as `size`. */
export function drawSymbol(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  name: SymbolName,
  x: number,
  y: number,
  size: number,
): void {
  context.save();
  context.translate(x, y);
  context.scale(size / FRAME, size / FRAME);
  context.translate(-MIDDLE, -MIDDLE);
  for (const { path, fill, stroke, width } of stepsOf(name)) {
    if (fill) {
      context.fillStyle = fill;
      context.fill(path);
    }
    if (stroke) {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.stroke(path);
    }
  }
  context.restore();
}

/** By convention space begins here. */
const SPACE_FROM_M = 100_000;

/** The symbol of what is known of an object: where it moves, and nothing else. */
export const symbolOf = (what: { domain: string; height_m?: number | null }): SymbolName =>
  what.domain === 'maritime' ? 'surface' : (what.height_m ?? 0) >= SPACE_FROM_M ? 'space' : 'air';
