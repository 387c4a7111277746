import { describe, expect, it, vi } from 'vitest';
import { keysIn, onKey, press } from './keys';

describe('a key', () => {
  it('does what was asked for until it is given back', () => {
    const act = vi.fn();
    const off = onKey('n', 'any', 'keys.help', act);
    expect(press('n', 'desk')).toBe(true);
    off();
    off();
    expect(press('n', 'desk')).toBe(false);
    expect(act).toHaveBeenCalledOnce();
  });

  it('of a room goes before that of the whole page, and nowhere else', () => {
    const [here, any] = [vi.fn(), vi.fn()];
    const offs = [onKey('a', 'desk', 'keys.help', here), onKey('a', 'any', 'keys.help', any)];
    press('a', 'desk');
    press('a', 'picture');
    expect([here.mock.calls.length, any.mock.calls.length]).toEqual([1, 1]);
    expect(keysIn('desk').map(({ room }) => room)).toEqual(['desk', 'any']);
    expect(keysIn('picture').map(({ room }) => room)).toEqual(['any']);
    offs.forEach((off) => off());
  });

  it('that nobody asked for does nothing', () => expect(press('q', 'any')).toBe(false));
});
