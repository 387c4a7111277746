import { describe, expect, it } from 'vitest';
import { CORNERS, markOf } from './originators';

describe('marks of parties', () => {
  it('differ in colour and in shape', () => {
    const marks = ['JPN', 'KOR', 'USA', 'AUS'].map(markOf);
    expect(new Set(marks.map(({ colour }) => colour)).size).toBe(4);
    expect(new Set(marks.map(({ shape }) => shape)).size).toBe(4);
  });

  it('are as agreed', () => {
    expect(markOf('JPN')).toEqual({ colour: '#56b4e9', shape: 'circle' });
    expect(markOf('KOR')).toEqual({ colour: '#e69f00', shape: 'diamond' });
    expect(markOf('USA')).toEqual({ colour: '#009e73', shape: 'square' });
  });

  it('of staff are those of their party', () => expect(markOf('USA/duty')).toEqual(markOf('USA')));

  it('of any other party stay the same and have a shape', () => {
    for (const code of ['PHL', 'CAN', 'GBR', 'OBS', '']) {
      expect(markOf(code)).toEqual(markOf(code));
      expect(CORNERS[markOf(code).shape].length).toBeGreaterThan(2);
    }
  });
});
