/** The live stream: opened, watched, opened again when it falls silent. */

import { wholePicture, withDecisions, withLinks, withPace, withPane, type Picture } from './picture';
import type { DecisionsEvent, LinksEvent, PaceEvent, PaneEvent, StateEvent } from './types';

export type Connection = 'connecting' | 'open' | 'lost' | 'refused';

/** The server speaks at least once a second; a silence as long as this is a loss, noticed within 5 s (R4). */
const SILENCE_MS = 4_000;
const WATCH_EVERY_MS = 500;
const RETRY_MS = 2_000;
const REFUSED = [401, 403];

export interface Listener {
  /** A word of the stream as a change of the picture; null before the first `state`. */
  change: (apply: (picture: Picture | null) => Picture | null) => void;
  connection: (connection: Connection) => void;
}

/** Where a stream is, which words it has, and what each makes of the picture. */
export interface Feed {
  address: string;
  words: readonly string[];
  after: (picture: Picture | null, name: string, word: unknown, wall_ms: number) => Picture | null;
}

type Words = {
  state: StateEvent;
  pane: PaneEvent;
  pace: PaceEvent;
  decisions: DecisionsEvent;
  links: LinksEvent;
};

type Reducer<Word> = (picture: Picture, word: Word, wall_ms: number) => Picture;

const REDUCERS: { [Name in Exclude<keyof Words, 'state'>]: Reducer<Words[Name]> } = {
  pane: withPane,
  pace: withPace,
  decisions: withDecisions,
  links: withLinks,
};

/** The picture after one word; what comes before the first `state` changes nothing. */
export function afterWord<Name extends keyof Words>(
  picture: Picture | null,
  name: Name,
  word: Words[Name],
  wall_ms: number,
): Picture | null {
  if (name === 'state') {
    return wholePicture(word as StateEvent, wall_ms);
  }
  const reduce = REDUCERS[name as Exclude<Name, 'state'>] as Reducer<Words[Name]>;
  return picture && reduce(picture, word, wall_ms);
}

/** The stream of an exercise's observer. */
export const EXERCISE_FEED: Feed = {
  address: '/api/stream',
  words: ['state', 'pane', 'pace', 'decisions', 'links'] satisfies (keyof Words)[],
  after: (picture, name, word, wall_ms) => afterWord(picture, name as keyof Words, word as never, wall_ms),
};

/** Follows a stream until the function that comes back is called. */
export function follow(feed: Feed, listener: Listener, wallClock: () => number): () => void {
  let source: EventSource | null = null;
  let retry = 0;
  let heard_ms = wallClock();
  let over = false;

  const hear = (name: string) => (event: MessageEvent<string>) => {
    heard_ms = wallClock();
    listener.connection('open');
    const word: unknown = JSON.parse(event.data);
    listener.change((picture) => feed.after(picture, name, word, heard_ms));
  };

  const open = () => {
    source?.close();
    heard_ms = wallClock();
    source = new EventSource(feed.address);
    for (const name of feed.words) {
      source.addEventListener(name, hear(name));
    }
    source.onerror = () => {
      listener.connection('lost');
      if (source?.readyState === EventSource.CLOSED) {
        void openLater();
      }
    };
  };

  // A stream that the server refused closes for good and does not say why: ask once, in plain HTTP.
  const openLater = async () => {
    clearTimeout(retry);
    const status = await fetch('/health').then(
      (answer) => answer.status,
      () => 0,
    );
    if (over) {
      return;
    }
    if (REFUSED.includes(status)) {
      listener.connection('refused');
    }
    retry = window.setTimeout(open, RETRY_MS);
  };

  const watch = window.setInterval(() => {
    if (wallClock() - heard_ms > SILENCE_MS) {
      listener.connection('lost');
      open();
    }
  }, WATCH_EVERY_MS);

  listener.connection('connecting');
  open();
  return () => {
    over = true;
    clearInterval(watch);
    clearTimeout(retry);
    source?.close();
  };
}
