/** Asking again and again, without asking anew before the answer is there: a slow node is not pressed harder. */

/** Does some work now, and again so long after it was done, until the function that comes back is called. */
export function repeat(work: () => Promise<unknown>, every_ms: number): () => void {
  let over = false;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const turn = async (): Promise<void> => {
    await work().catch(() => undefined);
    if (!over) {
      waiting = setTimeout(() => void turn(), every_ms);
    }
  };
  void turn();
  return () => {
    over = true;
    clearTimeout(waiting);
  };
}
