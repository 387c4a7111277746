import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Condition } from './api';
import { alertSentence, fingerprintLines, integrityOf, linkSentence, looksWith, severeOf, sizeText } from './health';
import { TEXTS } from './i18n';
import { sentence } from './say';

const ROOT = new URL('../../../src/trilat/', import.meta.url);

function valuesOf(file: string, name: string): string[] {
  const source = readFileSync(new URL(file, ROOT), 'utf8');
  const body = source.split(`class ${name}(Enum):`)[1]?.split(/^(?:class|def|[A-Z_])/m)[0] ?? '';
  return [...body.matchAll(/^ {4}[A-Z_]+ = "([^"]+)"/gm)].map(([, value]) => value);
}

describe('each code of the node has a sentence', () => {
  it.each([
    ['node/trouble.py', 'TroubleCode', 'alert.', 30],
    ['link/link_state.py', 'LinkCode', 'alert.link-', 20],
    ['node/condition.py', 'TreeAgreement', 'tree.', 4],
    ['node/trouble.py', 'Severity', 'severity.', 2],
  ])('%s %s', (file, name, prefix, least) => {
    const codes = valuesOf(file, name);
    expect(codes.length).toBeGreaterThanOrEqual(least);
    for (const code of codes) {
      expect(TEXTS.en, code).toHaveProperty([`${prefix}${code}`]);
    }
  });
});

describe('an alert', () => {
  it('says with whom, for how long and what to do', () => {
    const told = { code: 'link-unacknowledged', party: 'USA', figures: { seconds: 42.4, count: 7 } };
    expect(sentence(alertSentence(told))).toBe(
      'United States: connected, but nothing acknowledged for 42 s, 7 wait: ask whether its node works, and holds our newest card.',
    );
  });
  it('says since when where that is known', () => {
    const told = { code: 'keys-revoked', party: 'KOR', figures: {} };
    expect(alertSentence(told).key).toBe('alert.keys-revoked');
    const since = alertSentence({ ...told, figures: { since_ns: 1.7e18 } });
    expect(since.key).toBe('alert.keys-revoked-since');
    expect(sentence(since)).toContain('as of 2023-11-14 22:13:20Z');
  });
  it('leaves no value open in any language', () => {
    const told = { code: 'disk-low', party: 'KOR', figures: { free_mb: 150 } };
    expect(sentence(alertSentence(told))).toMatch(/^150 MB are free/);
  });
  it('of a link through a hub names the hub', () => {
    expect(linkSentence({ code: 'connected', party: 'USA', figures: { hub: 'NORTH' } }).key).toBe('alert.link-connected-hub');
    expect(linkSentence({ code: 'connected', party: 'USA' }).key).toBe('alert.link-connected');
  });
});

describe('figures', () => {
  it.each([
    [0, '0.0 kB'],
    [812_300, '812 kB'],
    [999_600, '1.0 MB'],
    [3_440_000, '3.4 MB'],
    [78e9, '78 GB'],
    [5e15, '5000 TB'],
  ])('%d bytes are %s', (bytes, told) => expect(sizeText(bytes)).toBe(told));
  it('a fingerprint is read in lines of four groups', () => {
    const groups = Array.from({ length: 16 }, (_, at) => String(1000 + at));
    expect(fingerprintLines(groups.join(' '))).toHaveLength(4);
    expect(fingerprintLines('')).toEqual([]);
  });
  it('a ledger is whole only where nothing is damaged', () => {
    const ledger = { damaged: 0, lost: 0, passes: 0 } as never;
    expect(integrityOf(ledger)).toBe('first');
    expect(integrityOf({ damaged: 0, lost: 0, passes: 2 } as never)).toBe('well');
    expect(integrityOf({ damaged: 0, lost: 1, passes: 2 } as never)).toBe('bad');
  });
});

describe('looks', () => {
  const at = (wall_ns: number, up: boolean): Condition =>
    ({ wall_ns, alerts: [], partners: [{ party: 'USA', up, unanswered: 0 }] }) as never;
  it('are kept for each partner, the same once, and no more than an hour of them', () => {
    let looks = looksWith({}, at(1, true));
    looks = looksWith(looks, at(1, true));
    expect(looks.USA).toHaveLength(1);
    for (let wall_ns = 2; wall_ns < 100; wall_ns += 1) {
      looks = looksWith(looks, at(wall_ns, false));
    }
    expect(looks.USA).toHaveLength(60);
    expect(looks.USA.at(-1)).toEqual({ wall_ns: 99, up: false, unanswered: 0 });
  });
  it('count what is severe', () => {
    expect(severeOf(null)).toBe(0);
    const alerts = [{ severity: 'severe' }, { severity: 'attention' }];
    expect(severeOf({ alerts } as never)).toBe(1);
  });
});
