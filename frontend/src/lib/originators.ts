/** How each party is marked: a colour, a shape and its code, so that no one of them is needed to tell. */

export type Shape = 'circle' | 'diamond' | 'square' | 'triangle' | 'pentagon' | 'wedge' | 'star';

export interface Mark {
  colour: string;
  shape: Shape;
}

/** Colours of Okabe and Ito, told apart also by those who see few colours. */
const KNOWN: Readonly<Record<string, Mark>> = {
  JPN: { colour: '#56b4e9', shape: 'circle' },
  KOR: { colour: '#e69f00', shape: 'diamond' },
  USA: { colour: '#009e73', shape: 'square' },
  AUS: { colour: '#cc79a7', shape: 'triangle' },
};

const OTHERS: readonly Mark[] = [
  { colour: '#f0e442', shape: 'pentagon' },
  { colour: '#d55e00', shape: 'wedge' },
  { colour: '#b3b3ff', shape: 'star' },
  { colour: '#cc79a7', shape: 'pentagon' },
  { colour: '#f0e442', shape: 'star' },
];

/** The mark of a party; staff (`USA/duty`) bear that of their party. */
export function markOf(code: string): Mark {
  const party = code.split('/')[0];
  const known = KNOWN[party];
  if (known) {
    return known;
  }
  let sum = 0;
  for (const letter of party) {
    sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  }
  return OTHERS[sum % OTHERS.length];
}

const regular = (corners: number, size: number, turn: number): [number, number][] =>
  Array.from({ length: corners }, (_, place) => {
    const angle = (place / corners) * 2 * Math.PI + turn;
    return [size * Math.sin(angle), -size * Math.cos(angle)];
  });

const STAR = regular(5, 1.45, 0).flatMap((corner, place) => [corner, regular(5, 0.62, Math.PI / 5)[place]]);

/** Corners of each shape around 0 0, of about the same area as a circle of radius 1; none for the circle. */
export const CORNERS: Readonly<Record<Shape, readonly [number, number][]>> = {
  circle: [],
  diamond: regular(4, 1.3, 0),
  square: regular(4, 1.27, Math.PI / 4),
  triangle: regular(3, 1.4, 0),
  pentagon: regular(5, 1.2, 0),
  wedge: regular(3, 1.4, Math.PI),
  star: STAR,
};

/** Adds a shape to the current path. */
export function traceShape(path: CanvasPath, shape: Shape, x: number, y: number, size: number): void {
  const corners = CORNERS[shape];
  if (corners.length === 0) {
    path.moveTo(x + size, y);
    path.arc(x, y, size, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([right, down], place) => {
    const [cornerX, cornerY] = [x + right * size, y + down * size];
    place === 0 ? path.moveTo(cornerX, cornerY) : path.lineTo(cornerX, cornerY);
  });
  path.closePath();
}
