import { describe, expect, it } from 'vitest';
import { chosenOf, DEFAULTS } from './chosen';

describe('remembered choices', () => {
  it('are taken', () =>
    expect(chosenOf('{"theme":"night","coordinates":"mgrs","symbols":true}')).toEqual({
      ...DEFAULTS,
      theme: 'night',
      coordinates: 'mgrs',
      symbols: true,
    }));

  it.each([
    null,
    '',
    'x',
    '1',
    'null',
    '[]',
    '{"theme":"pink"}',
    '{"theme":1}',
    '{"zone":"Mars/Olympus"}',
    '{"sound":"yes"}',
    '{"other":true}',
    '{"__proto__":{"theme":"night"}}',
    '{"toString":"dark"}',
  ])('that are none, such as %s, are as for everybody', (text) => expect(chosenOf(text)).toEqual(DEFAULTS));
});
