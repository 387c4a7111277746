/** What can be chosen, and what of a remembered choice still is one. */

export const OPTIONS = {
  theme: ['dark', 'light', 'night'],
  coordinates: ['dms', 'decimal', 'mgrs'],
  length: ['km', 'nm'],
  height: ['m', 'ft'],
  /** Zones of the second clock, as the time zone database names them. */
  zone: ['Asia/Tokyo', 'Asia/Seoul', 'Pacific/Honolulu', 'America/New_York', 'Australia/Canberra', 'Europe/Berlin', 'UTC'],
} as const;

export interface Chosen {
  theme: (typeof OPTIONS.theme)[number];
  coordinates: (typeof OPTIONS.coordinates)[number];
  length: (typeof OPTIONS.length)[number];
  height: (typeof OPTIONS.height)[number];
  zone: string;
  /** Symbols of APP-6 in place of the plain marks. */
  symbols: boolean;
  /** Whether warnings may sound. */
  sound: boolean;
}

export const DEFAULTS: Chosen = {
  theme: 'dark',
  coordinates: 'dms',
  length: 'km',
  height: 'm',
  zone: 'Asia/Tokyo',
  symbols: false,
  sound: false,
};

/** The choices in a remembered text; what is none of them any more is as for everybody. */
export function chosenOf(text: string | null): Chosen {
  let said: unknown = null;
  try {
    said = JSON.parse(text ?? 'null');
  } catch {
    // Not ours.
  }
  const kept = { ...DEFAULTS };
  if (said !== null && typeof said === 'object') {
    for (const [name, value] of Object.entries(said)) {
      const options: readonly unknown[] | undefined = Object.hasOwn(OPTIONS, name)
        ? OPTIONS[name as keyof typeof OPTIONS]
        : undefined;
      const isFlag = (name === 'symbols' || name === 'sound') && typeof value === 'boolean';
      if (isFlag || options?.includes(value)) {
        Object.assign(kept, { [name]: value });
      }
    }
  }
  return kept;
}
