import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../', import.meta.url);
const FILES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
  (name) => /\.(svelte|ts)$/.test(name) && !name.endsWith('.test.ts'),
);

describe('the source', () => {
  it('is found', () => expect(FILES.length).toBeGreaterThan(25));

  // Text of other nations reaches the page as text; the content policy forbids inline style and script.
  it.each([
    ['markup made of text', /\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write/],
    ['inline style', /\sstyle="/],
    ['code made of text', /\beval\(|new Function\(/],
    ['an address of another host', /https?:\/\/(?!www\.w3\.org)/],
    ['anything put on window', /window\.\w+ = |globalThis\.\w+ = /],
  ])('has no %s', (_name, forbidden) => {
    const found = FILES.filter((name) => forbidden.test(readFileSync(new URL(name, ROOT), 'utf8')));
    expect(found).toEqual([]);
  });
});
