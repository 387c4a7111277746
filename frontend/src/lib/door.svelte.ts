/** The door by which the page came in: an exercise's observer, or a party's own node and who is signed in there. */

import type { ShownSession } from './api';

export type DoorKind = 'exercise' | 'node';

/** What `GET /session` of either says: whatever one of them leaves out is not there. */
export type SessionAnswer = Pick<ShownSession, 'exercise' | 'signed_in'> &
  Partial<ShownSession> & { parties?: string[] };

const REFUSED = [401, 403];
const AGAIN_MS = 2_000;
/** Roles that may see the picture. */
const SEEING = ['watch', 'release'];

export class Door {
  /** Whether it has been asked yet; before that nothing is shown. */
  known = $state(false);
  kind = $state<DoorKind>('exercise');
  /** Whose node this is; empty in an exercise. */
  party = $state('');
  signed_in = $state(false);
  name = $state('');
  /** `watch`, `release`, `administrator` or `auditor`; empty in an exercise, where all is played. */
  role = $state('');
  /** The session's word, which goes with every change. */
  word = $state('');
  /** Whether the world of the node is meant: `real`, `exercise` or `simulated`; of an exercise the picture says it. */
  status = $state('');
  /** Whether the party's own identity provider signs people in. */
  provider = $state(false);

  take(said: SessionAnswer): void {
    this.kind = said.exercise ? 'exercise' : 'node';
    this.party = said.party ?? '';
    this.name = said.name ?? '';
    this.role = said.role ?? '';
    this.word = said.word ?? '';
    this.status = said.status ?? '';
    this.provider = said.provider ?? false;
    this.signed_in = said.signed_in;
    this.known = true;
  }

  /** Whether a session ended here, so that whoever has to sign in again is told why. */
  over = $state(false);

  /** Whether there is a picture to follow: in an exercise always, at a node for those who may see it. */
  readonly follows = $derived(
    this.known && (this.kind === 'exercise' || (this.signed_in && SEEING.includes(this.role))),
  );

  /** Asks who is signed in; asks again while nobody answers. */
  async ask(): Promise<void> {
    const answer = await fetch('/session').catch(() => null);
    if (answer?.ok) {
      const was = this.signed_in && this.kind === 'node';
      this.take((await answer.json()) as SessionAnswer);
      this.over = this.signed_in ? false : this.over || was;
    } else if (answer && REFUSED.includes(answer.status)) {
      // An observer that does not know this browser: the stream's own notice says what to do.
      this.known = true;
    } else {
      window.setTimeout(() => void this.ask(), AGAIN_MS);
    }
  }

  /** The session is over: what was shown to it is shown no more. */
  ended(): void {
    this.over ||= this.signed_in;
    this.leave();
  }

  /** Signed out, by one's own wish. */
  leave(): void {
    this.signed_in = false;
    this.name = this.role = this.word = '';
  }
}

export const door = new Door();
