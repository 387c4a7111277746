import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
// @ts-expect-error: a tool in plain JavaScript
import { written } from '../../../tools/symbols.mjs';

it('the symbols are those of the library, which the page does not bring along', () => {
  expect(readFileSync(new URL('./symbols.json', import.meta.url), 'utf8')).toBe(written());
});
