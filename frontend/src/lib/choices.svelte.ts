/** What the user has chosen to see things in, remembered by this browser. */

import { DEFAULTS, chosenOf, type Chosen } from './chosen';

const REMEMBERED = 'trilat-choices';

class Choices implements Chosen {
  theme = $state(DEFAULTS.theme);
  coordinates = $state(DEFAULTS.coordinates);
  length = $state(DEFAULTS.length);
  height = $state(DEFAULTS.height);
  zone = $state(DEFAULTS.zone);
  symbols = $state(DEFAULTS.symbols);
  sound = $state(DEFAULTS.sound);

  /** Takes what was chosen last. */
  begin(): void {
    let text: string | null = null;
    try {
      text = localStorage.getItem(REMEMBERED);
    } catch {
      // A browser may forbid storage; then the page begins as it does for everybody.
    }
    Object.assign(this, chosenOf(text));
    this.dress();
  }

  choose<Name extends keyof Chosen>(name: Name, value: Chosen[Name]): void {
    Object.assign(this, { [name]: value });
    this.dress();
    const kept = Object.fromEntries(
      (Object.keys(DEFAULTS) as (keyof Chosen)[]).map((key) => [key, this[key]]),
    );
    try {
      localStorage.setItem(REMEMBERED, JSON.stringify(kept));
    } catch {
      // Not remembered; nothing else is lost.
    }
  }

  /** Wears a theme for a while, without remembering it. */
  wear(theme: Chosen['theme']): void {
    this.theme = theme;
    this.dress();
  }

  private dress(): void {
    document.documentElement.dataset.theme = this.theme;
  }
}

export const choices = new Choices();
