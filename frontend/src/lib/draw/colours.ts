/** Colours of the map that do not tell parties apart. */

export const SPACE = '#05080f';
export const SEA = '#0d1e38';
export const AIR = '#5aa0ff';
export const LAND = '#24354a';
export const COAST = '#7d9bc2';
export const GRID = '#1a3152';
export const INK = '#e6eefb';
export const DIM = '#b9c8dd';
export const STALE = '#8d99ab';
export const SHADE = '#08101f';
export const FUSED = '#ffffff';
export const GROUND_TRACK = '#02060dcc';
export const FONT = 'system-ui, "Noto Sans CJK JP", "Noto Sans CJK KR", sans-serif';

/** A colour `#rrggbb` with an opacity from 0 to 1. */
export const faint = (colour: string, opacity: number): string =>
  colour +
  Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0');
