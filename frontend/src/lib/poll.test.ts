import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { repeat } from './poll';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what is asked again and again', () => {
  it('is not asked anew before the answer is there', async () => {
    let answer = (): void => undefined;
    const work = vi.fn(() => new Promise<void>((resolve) => (answer = resolve)));
    const stop = repeat(work, 1_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(work).toHaveBeenCalledTimes(1);
    answer();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(work).toHaveBeenCalledTimes(2);
    stop();
  });
  it('is asked again after it failed', async () => {
    const work = vi.fn(() => Promise.reject(new Error('no')));
    const stop = repeat(work, 1_000);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(work).toHaveBeenCalledTimes(3);
    stop();
  });
  it('ends when it is told to, also while an answer is under way', async () => {
    const work = vi.fn(() => new Promise<void>((resolve) => setTimeout(resolve, 500)));
    const stop = repeat(work, 1_000);
    stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
