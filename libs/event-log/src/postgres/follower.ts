import type { RecordedEvent } from '../event-log.js';

const MOST_EVENTS = 8_192;
const MOST_CHARACTERS = 16 * 1024 * 1024;

/**
 * A subscription that has read all there was. What this process commits next is handed to it from memory, as long as
 * nothing lies between and it keeps up; otherwise it stops following and has to read from `at` again.
 */
export class Follower {
  private events: RecordedEvent[] = [];
  private characters = 0;

  /** @param at the position up to which it has, or is about to get, everything. */
  constructor(public at: number) {}

  /** False when it does not follow on: events are missing between, or too many wait to be taken. */
  offer(before: number, end: number, events: () => readonly RecordedEvent[]): boolean {
    if (end <= this.at) return true; // it was read before its writer heard of the commit
    if (before !== this.at || this.events.length > MOST_EVENTS || this.characters > MOST_CHARACTERS) return false;
    for (const event of events()) {
      this.events.push(event);
      this.characters += event.body.length;
    }
    this.at = end;
    return true;
  }

  /** What waits, at most `most` of it. */
  take(most: number): readonly RecordedEvent[] {
    const taken = this.events.length <= most ? this.events : this.events.slice(0, most);
    this.events = this.events.length <= most ? [] : this.events.slice(most);
    for (const { body } of taken) this.characters -= body.length;
    return taken;
  }
}
