/**
 * Writes the symbols of APP-6(D) and MIL-STD-2525D that the map may show, as steps of drawing, to
 * `src/lib/symbols/symbols.json`: `npm run symbols`. The page has no symbol library of its own: 0.9 MB of
 * milsymbol for what five outlines tell.
 *
 * What an object is, and whose, is not known from a track: identity unknown, entity not stated. Only own
 * sensors are friends.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ms from 'milsymbol';

const UNKNOWN = '01';
const FRIEND = '03';
/** Symbol set and entity, as the tables of MIL-STD-2525D have them. */
const SYMBOLS = {
  air: [UNKNOWN, '01', '000000'],
  space: [UNKNOWN, '05', '000000'],
  surface: [UNKNOWN, '30', '000000'],
  sensor: [FRIEND, '15', '220300'],
  event: [UNKNOWN, '40', '110000'],
};

/** Version 10, then reality and identity, set, present, no headquarters, no amplifier, entity, no modifiers. */
const code = ([identity, set, entity]) => `10${identity}${set}0000${entity}0000`;

function flat(steps) {
  return steps.flat(3).flatMap((step) => {
    if (step.type === 'translate' || step.type === 'scale') {
      if (step.x || step.y || (step.factor ?? 1) !== 1) {
        throw new Error(`a ${step.type} that moves: teach tools/symbols.mjs to draw it`);
      }
      return flat(step.draw);
    }
    const common = { fill: step.fill || null, stroke: step.stroke || null, width: step.strokewidth ?? 0 };
    if (step.type === 'path') {
      return [{ ...common, d: step.d }];
    }
    if (step.type === 'circle') {
      const { cx, cy, r } = step;
      return [{ ...common, d: `M${cx - r},${cy} a${r},${r} 0 1,0 ${2 * r},0 a${r},${r} 0 1,0 ${-2 * r},0 Z` }];
    }
    throw new Error(`a step of type ${step.type}: teach tools/symbols.mjs to draw it`);
  });
}

export function symbols() {
  return Object.fromEntries(
    Object.entries(SYMBOLS).map(([name, parts]) => {
      const symbol = new ms.Symbol(code(parts), { size: 30 });
      if (!symbol.isValid()) {
        throw new Error(`${name} is no symbol of the standard`);
      }
      return [name, { sidc: code(parts), steps: flat(symbol.drawInstructions) }];
    }),
  );
}

export const written = () => `${JSON.stringify(symbols(), null, 1)}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../src/lib/symbols/symbols.json', import.meta.url), written());
}
