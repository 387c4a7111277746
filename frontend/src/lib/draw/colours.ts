/**
 * Colours of the map that do not tell parties apart, for each theme. They are live: whoever imports one sees
 * it change with the theme, and draws again.
 */

type Theme = 'dark' | 'light' | 'night';

interface Colours {
  space: string;
  sea: string;
  air: string;
  land: string;
  coast: string;
  grid: string;
  ink: string;
  dim: string;
  stale: string;
  shade: string;
  fused: string;
  track: string;
  focus: string;
}

const THEMES: Readonly<Record<Theme, Colours>> = {
  dark: {
    space: '#05080f',
    sea: '#0d1e38',
    air: '#5aa0ff',
    land: '#24354a',
    coast: '#7d9bc2',
    grid: '#1a3152',
    ink: '#e6eefb',
    dim: '#b9c8dd',
    stale: '#8d99ab',
    shade: '#08101f',
    fused: '#ffffff',
    track: '#02060d',
    focus: '#f0e442',
  },
  light: {
    space: '#c9d4e3',
    sea: '#e3edf7',
    air: '#7fa6e6',
    land: '#f4f0e4',
    coast: '#5b6f8c',
    grid: '#cbd8e8',
    ink: '#101a2b',
    dim: '#43526b',
    stale: '#6f7b8e',
    shade: '#ffffff',
    fused: '#101a2b',
    track: '#5b6f8c',
    focus: '#7a1fa2',
  },
  night: {
    space: '#050000',
    sea: '#120303',
    air: '#4a0f0a',
    land: '#240806',
    coast: '#7a2a20',
    grid: '#200505',
    ink: '#ff9a80',
    dim: '#c06a55',
    stale: '#7a4a40',
    shade: '#0a0101',
    fused: '#ffb8a5',
    track: '#000000',
    focus: '#ff6040',
  },
};

export let SPACE = THEMES.dark.space;
export let SEA = THEMES.dark.sea;
export let AIR = THEMES.dark.air;
export let LAND = THEMES.dark.land;
export let COAST = THEMES.dark.coast;
export let GRID = THEMES.dark.grid;
export let INK = THEMES.dark.ink;
export let DIM = THEMES.dark.dim;
export let STALE = THEMES.dark.stale;
export let SHADE = THEMES.dark.shade;
export let FUSED = THEMES.dark.fused;
export let FOCUS = THEMES.dark.focus;
export let GROUND_TRACK = `${THEMES.dark.track}cc`;
export const FONT = 'system-ui, "Noto Sans CJK JP", "Noto Sans CJK KR", sans-serif';

/** Draws in the colours of a theme from now on. */
export function useTheme(theme: string): void {
  const colours = THEMES[Object.hasOwn(THEMES, theme) ? (theme as Theme) : 'dark'];
  ({ space: SPACE, sea: SEA, air: AIR, land: LAND, coast: COAST, grid: GRID } = colours);
  ({ ink: INK, dim: DIM, stale: STALE, shade: SHADE, fused: FUSED, focus: FOCUS } = colours);
  GROUND_TRACK = `${colours.track}cc`;
}

/** A colour `#rrggbb` with an opacity from 0 to 1. */
export const faint = (colour: string, opacity: number): string =>
  colour +
  Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0');
