/** The release desk as the page has it: what waits, as which officer, and what was last done. */

import { door } from './door.svelte';
import type { Answered, Asked, AsPartner, Desk, Question } from './desk';
import { text, word } from './language.svelte';
import { place } from './place.svelte';
import { Refused, staff, type Officer, type Staff } from './staff';

class ReleaseDesk {
  desk = $state.raw<Desk | null>(null);
  asked = $state.raw<Asked[]>([]);
  /** In an exercise, which of the two made-up officers answers. */
  officer = $state<Officer>(1);
  chosen = $state('');
  /** Why the desk could not be read, or something not be done; empty when all is well. */
  line = $state('');
  /** What was done last, in words. */
  done = $state('');
  busy = $state(false);

  /** Whether who is here may act for the party at all; the node decides each time. */
  readonly may = $derived(door.kind === 'exercise' || door.role === 'release');
  readonly question = $derived(this.desk?.questions.find(({ question }) => question === this.chosen) ?? null);

  /** The node, asked as an officer where this is an exercise. */
  ask(): Staff {
    return staff(this.officer);
  }

  /** `JPN/release-1`, as the ledger names who answers here. */
  get own(): string {
    return `${place.party}/${this.desk?.who ?? ''}`;
  }

  async look(): Promise<void> {
    const [whose, as] = [place.party, this.officer];
    try {
      const [desk, asked] = await Promise.all([this.ask().get<Desk>('/desk'), this.ask().get<Asked[]>('/onward')]);
      if (whose === place.party && as === this.officer) {
        [this.desk, this.asked, this.line] = [desk, asked, ''];
      }
    } catch (error) {
      if (whose === place.party) {
        this.line = lineOf(error);
      }
    }
  }

  /** Forgets what was seen of another party, or as another officer. */
  leave(): void {
    this.desk = null;
    this.asked = [];
    this.chosen = this.line = this.done = '';
  }

  /** Does something and looks again; true where it was done. */
  private async act(done: string, work: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    this.done = '';
    let line = '';
    try {
      await work();
    } catch (error) {
      line = lineOf(error);
    }
    await this.look();
    this.busy = false;
    [this.line, this.done] = [line || this.line, line ? '' : done];
    return line === '';
  }

  answer(question: Question, granted: boolean, valid_s: number, said: string): Promise<boolean> {
    const values = { item: question.item.item_id, party: word('party', question.recipient) };
    return this.act(text(granted ? 'desk.done.give' : 'desk.done.refuse', values), () =>
      this.ask().post('/desk/answer', { question: question.question, granted, valid_s, said }),
    );
  }

  undo(row: Answered): Promise<boolean> {
    const values = { item: row.subject, party: word('party', row.recipient) };
    return this.act(text('desk.done.undo', values), () =>
      this.ask().post('/desk/undo', { question: row.question }),
    );
  }

  declare(said: { declared: string; about: string; domain: string; valid_s?: number; stands?: boolean }): Promise<boolean> {
    return this.act('', () => this.ask().post('/declarations', said));
  }

  delegate(deputy: string, for_s: number): Promise<boolean> {
    return this.act('', () => this.ask().post('/desk/delegate', { deputy, for_s }));
  }

  askOnward(item_id: string, onward_to: string): Promise<boolean> {
    return this.act('', () => this.ask().post('/onward', { item_id, onward_to }));
  }

  asPartner(item: string, recipient: string): Promise<AsPartner> {
    return this.ask().get<AsPartner>('/desk/preview', { item, recipient });
  }
}

/** Why something was not done, in one line that says what to do. */
export const lineOf = (error: unknown): string =>
  error instanceof Refused && error.line ? error.line : text('refused.unreachable');

export const releaseDesk = new ReleaseDesk();
