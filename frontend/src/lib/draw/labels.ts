/**
 * Labels that keep clear of each other. Those of higher weight choose first; one that finds no room beside
 * its object is set further off with a line to it, or left out if it may be.
 */

import { markOf, traceShape } from '../originators';
import { DIM, FONT, INK, SHADE } from './colours';

export interface Label {
  /** The pixel that it belongs to, and how much room the mark there takes. */
  x: number;
  y: number;
  clear: number;
  text: string;
  /** Codes whose shapes stand before the text. */
  codes: readonly string[];
  /** Higher chooses first; at 0 or less it is left out where there is no room. */
  weight: number;
  bright?: boolean;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Placed {
  label: Label;
  box: Box;
  /** Far enough away to need a line to its object. */
  apart: boolean;
}

const HEIGHT_PX = 18;
const PADDING_PX = 5;
const MARK_PX = 13;
const TEXT_FONT = `600 11.5px ${FONT}`;
/** Right, left, above and below, each as steps of the gap and of the box's own size. */
const SIDES: readonly [number, number, number, number][] = [
  [1, -0.6, 0, -1],
  [1, 0.6, 0, 0],
  [-1, -0.6, -1, -1],
  [-1, 0.6, -1, 0],
  [0, -1, -0.5, -1],
  [0, 1, -0.5, 0],
];
const GAPS_PX = [0, 16, 34, 54];
const APART_FROM = 1;

const overlap = (one: Box, other: Box): boolean =>
  one.left < other.left + other.width &&
  other.left < one.left + one.width &&
  one.top < other.top + other.height &&
  other.top < one.top + one.height;

const within = (box: Box, width: number, height: number): boolean =>
  box.left >= 2 && box.top >= 2 && box.left + box.width <= width - 2 && box.top + box.height <= height - 2;

/** Where each label goes. `measure` gives the width of a label; `taken` are boxes that stay free. */
export function place(
  labels: readonly Label[],
  width: number,
  height: number,
  measure: (label: Label) => number,
  taken: readonly Box[] = [],
): Placed[] {
  const boxes = [...taken];
  const placed: Placed[] = [];
  for (const label of [...labels].sort((one, other) => other.weight - one.weight)) {
    const found = room(label, measure(label), width, height, boxes);
    if (found) {
      boxes.push(found.box);
      placed.push(found);
    }
  }
  return placed;
}

function room(
  label: Label,
  wide: number,
  width: number,
  height: number,
  boxes: readonly Box[],
): Placed | null {
  const gaps = label.weight > 0 ? GAPS_PX : GAPS_PX.slice(0, APART_FROM);
  for (const [rank, gap] of gaps.entries()) {
    for (const [right, down, ownX, ownY] of SIDES) {
      const reach = label.clear + 3 + gap;
      const box = {
        left: label.x + right * reach + ownX * wide,
        top: label.y + down * reach + ownY * HEIGHT_PX,
        width: wide,
        height: HEIGHT_PX,
      };
      if (within(box, width, height) && !boxes.some((other) => overlap(box, other))) {
        return { label, box, apart: rank >= APART_FROM };
      }
    }
  }
  return null;
}

const widthOf = (context: CanvasRenderingContext2D, label: Label): number =>
  context.measureText(label.text).width + label.codes.length * MARK_PX + 2 * PADDING_PX;

export function drawLabels(
  context: CanvasRenderingContext2D,
  labels: readonly Label[],
  width: number,
  height: number,
  taken: readonly Box[],
): void {
  context.font = TEXT_FONT;
  context.textBaseline = 'middle';
  for (const { label, box, apart } of place(labels, width, height, (one) => widthOf(context, one), taken)) {
    if (apart) {
      drawLeader(context, label, box);
    }
    context.beginPath();
    context.roundRect(box.left, box.top, box.width, box.height, 4);
    context.fillStyle = label.bright ? INK : `${SHADE}d9`;
    context.fill();
    const middle = box.top + box.height / 2;
    let left = box.left + PADDING_PX;
    for (const code of label.codes) {
      const { colour, shape } = markOf(code);
      context.beginPath();
      traceShape(context, shape, left + MARK_PX / 2 - 1, middle, 3.8);
      context.fillStyle = colour;
      context.fill();
      left += MARK_PX;
    }
    context.fillStyle = label.bright ? SHADE : INK;
    context.fillText(label.text, left, middle + 0.5);
  }
}

function drawLeader(context: CanvasRenderingContext2D, { x, y }: Label, box: Box): void {
  const nearX = Math.max(box.left, Math.min(box.left + box.width, x));
  const nearY = Math.max(box.top, Math.min(box.top + box.height, y));
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(nearX, nearY);
  context.strokeStyle = `${DIM}99`;
  context.lineWidth = 1;
  context.stroke();
}
