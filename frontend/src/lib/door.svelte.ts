/** The door by which the page came in: an exercise's observer, or a party's own node and who is signed in there. */

export type DoorKind = 'exercise' | 'node';

/** What `GET /session` of either says. */
export interface SessionAnswer {
  exercise?: boolean;
  signed_in: boolean;
  parties?: string[];
  party?: string;
  name?: string;
  role?: string;
  word?: string;
  status?: string;
  provider?: boolean;
}

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

  /** Asks who is signed in; a service that does not know this browser leaves things as they are. */
  async ask(): Promise<void> {
    const answer = await fetch('/session').catch(() => null);
    if (answer?.ok) {
      this.take((await answer.json()) as SessionAnswer);
    } else {
      this.known = true;
    }
  }

  /** The session is over: what was shown to it is shown no more. */
  ended(): void {
    this.signed_in = false;
    this.name = this.role = this.word = '';
  }
}

export const door = new Door();
