/** How the node is at which the user stands, asked again and again while somebody looks at the page. */

import type { Condition } from './api';
import { door } from './door.svelte';
import { looksWith, severeOf, type Looks } from './health';
import { place } from './place.svelte';
import { repeat } from './poll';
import { Refused, staff } from './staff';

class NodeCondition {
  told = $state.raw<Condition | null>(null);
  looks = $state.raw<Looks>({});
  /** Whether the node did not answer when it was last asked. */
  silent = $state(false);
  /** Why it refused; empty where it did not. */
  line = $state('');
  readonly severe = $derived(severeOf(this.told));

  /** Asks every so often until the function that comes back is called; never while nobody can see it. */
  follow(every_ms: number): () => void {
    return repeat(async () => {
      if (document.visibilityState === 'visible') {
        await this.look();
      }
    }, every_ms);
  }

  async look(): Promise<void> {
    const whose = place.party;
    if (door.kind === 'exercise' && whose === '') {
      return;
    }
    try {
      const told = await staff().get<Condition>('/alerts');
      if (whose === place.party) {
        [this.told, this.looks] = [told, looksWith(this.looks, told)];
        [this.silent, this.line] = [false, ''];
      }
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error;
      }
      if (whose === place.party) {
        this.silent = error.status === 0 || error.status >= 500;
        this.line = this.silent ? '' : error.line;
      }
    }
  }

  /** Forgets what was told of another node, or to somebody else. */
  leave(): void {
    this.told = null;
    this.looks = {};
    [this.silent, this.line] = [false, ''];
  }
}

export const condition = new NodeCondition();
