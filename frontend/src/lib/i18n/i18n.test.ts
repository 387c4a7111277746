import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fill } from '../fill';
import { TEXTS as LANGUAGES } from '.';
import { en as first } from './en';
import { PARTS } from './parts';

const { en, ja, ko } = LANGUAGES;
const MODEL = new URL('../../../../src/trilat/model/', import.meta.url);

/** The values of an enum of the Python model, as they go over the wire. */
function valuesOf(file: string, name: string): string[] {
  const source = readFileSync(new URL(file, MODEL), 'utf8');
  const body = source
    .split(new RegExp(`^class ${name}\\(Enum\\):`, 'm'))[1]
    ?.split(/^(?:class|def|[A-Z@])/m)[0];
  return [...(body ?? '').matchAll(/^ {4}[A-Z_]+ = "([^"]+)"/gm)].map(([, value]) => value);
}

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

describe('the translations', () => {
  it.each(Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[])(
    '%s has every key, and a text for it',
    (language) => {
      expect(Object.keys(LANGUAGES[language]).sort()).toEqual(Object.keys(en).sort());
      for (const [key, text] of Object.entries(LANGUAGES[language])) {
        expect(text.trim(), key).not.toBe('');
      }
    },
  );

  it('of parts stand under keys of their own, each in three languages', () => {
    for (const [key, texts] of Object.entries(PARTS)) {
      expect(texts, key).toHaveLength(3);
      expect(first, key).not.toHaveProperty([key]);
    }
  });

  it.each(['ja', 'ko'] as const)('%s puts in the same values', (language) => {
    for (const [key, text] of Object.entries(en)) {
      expect(placeholders(LANGUAGES[language][key as keyof typeof en]), key).toEqual(placeholders(text));
    }
  });

  it('are translations: few texts are the same in two languages', () => {
    const same = (Object.keys(en) as (keyof typeof en)[]).filter(
      (key) => en[key] === ja[key] || en[key] === ko[key],
    );
    expect(same).toEqual(['clock.utc', 'clock.local', 'table.sigma', 'decisions.count']);
  });

  it.each(Object.values(LANGUAGES))('name no disputed place and claim nothing about what flies', (texts) => {
    const disputed =
      /sea of japan|east sea|日本海|東海|동해|dokdo|takeshima|독도|竹島|missile|warhead|ミサイル|미사일/i;
    expect(Object.values(texts).filter((text) => disputed.test(text))).toEqual([]);
  });
});

describe('each code of the model has words', () => {
  it.each([
    ['decision.py', 'Reason', 'reason', 26],
    ['decision.py', 'Outcome', 'outcome', 3],
    ['agreement.py', 'Form', 'form', 6],
    ['agreement.py', 'Form', 'form.short', 6],
    ['track.py', 'Stage', 'stage', 6],
    ['track.py', 'EventKind', 'event', 6],
    ['track.py', 'AreaKind', 'area', 4],
    ['track.py', 'WarningKind', 'warning', 3],
    ['track.py', 'WarningState', 'state', 4],
    ['item.py', 'Status', 'status', 3],
  ])('%s %s', (file, name, group, atLeast) => {
    const values = valuesOf(file, name);
    expect(values.length).toBeGreaterThanOrEqual(atLeast);
    for (const value of values) {
      expect(en, value).toHaveProperty([`${group}.${value}`]);
    }
  });

  it('and each preset a name', () => {
    const presets = readdirSync(new URL('../study/regimes/', MODEL)).filter((name) => name !== 'agreements');
    expect(presets.length).toBeGreaterThanOrEqual(5);
    for (const preset of presets) {
      expect(en).toHaveProperty([`regime.${preset}`]);
    }
  });
});

describe('values', () => {
  it('are put in by name', () => expect(fill('{a} of {b}, {a}', { a: 1, b: 'x' })).toBe('1 of x, 1'));
  it('that are missing leave their name to be seen', () => expect(fill('{a}', {})).toBe('{a}'));
  it('are text, whatever they look like', () => expect(fill('{a}', { a: '$& {b}' })).toBe('$& {b}'));
});
