import { describe, expect, it } from 'vitest';
import { actsOf, isOwn, requestOf } from './accounts';

describe('a wish for an account', () => {
  it('names its role only where it gets another', () => {
    expect(requestOf({ name: 'kim', step: 'role', role: 'watch' })).toEqual({
      path: '/accounts/role',
      said: { name: 'kim', role: 'watch' },
    });
    expect(requestOf({ name: 'kim', step: 'disable', role: '' })).toEqual({
      path: '/accounts/disable',
      said: { name: 'kim' },
    });
  });
  it('is not for one’s own', () => {
    const account = { name: 'boss', role: 'administrator', enabled: true, has_password: true, tokens: [] };
    expect(isOwn(account, 'boss')).toBe(true);
    expect(isOwn(account, 'chief')).toBe(false);
  });
});

describe('acts', () => {
  it('are told newest first, in one line, without what stands in columns of its own', () => {
    const rows = [
      { entry: 3, kind: 'access', at_ns: 5, step: 'signed-in', name: 'kim', items: [{ a: 'x', version: 2 }, 'y'] },
      { entry: 4, kind: 'removal', at_ns: 6, removed: true },
    ];
    expect(actsOf({ rows }, 'gone')).toEqual([
      { entry: 4, kind: 'removal', at_ns: 6, what: 'gone' },
      { entry: 3, kind: 'access', at_ns: 5, what: 'step: signed-in · name: kim · items: x 2, y' },
    ]);
  });
});
