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

  // What people read stands in lib/i18n in three languages, and nowhere else.
  it('has no text of its own in its markup', () => {
    const found = FILES.filter((name) => name.endsWith('.svelte')).flatMap((name) =>
      textsIn(readFileSync(new URL(name, ROOT), 'utf8')).map((text) => `${name}: ${text}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    ['<p>Hello there</p>', ['Hello there']],
    ['<p>{text("a")} · × 12</p>', []],
    ['<script>const a = 1;</script><b title="Say it">{x}</b>', ['Say it']],
    ['<!-- a remark --><img alt="A map" /><i aria-label={text(`a.${b}`)}>✕</i>', ['A map']],
    ['{#if a}{@const b = { c: "x" }}<i>{b}</i>{:else}words{/if}', ['words']],
  ])('would be found to have one: %s', (source, texts) => expect(textsIn(source)).toEqual(texts));
});

/** Words in a component's markup and in the attributes that people read; `UTC`-like codes of the page's own are none. */
function textsIn(source: string): string[] {
  const markup = source
    .replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, '')
    .replace(/=>/g, '');
  const said = [...markup.matchAll(/\s(?:title|alt|aria-label|placeholder)="([^"]*)"/g)].map(([, text]) => text);
  let bare = '';
  let [inTag, depth] = [false, 0];
  for (const letter of markup) {
    depth += letter === '{' ? 1 : 0;
    if (depth === 0) {
      inTag = letter === '<' ? true : letter === '>' ? false : inTag;
      bare += inTag || letter === '>' ? '\n' : letter;
    }
    depth -= letter === '}' ? 1 : 0;
  }
  return [...said.map((text) => text.replace(/\{[^}]*\}/g, '')), ...bare.split('\n')]
    .map((text) => text.replace(/^}+/, '').trim())
    .filter((text) => /\p{L}{2}/u.test(text));
}
