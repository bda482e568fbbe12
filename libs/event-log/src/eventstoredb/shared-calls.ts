import { setImmediate } from 'node:timers/promises';
import { ignored } from './faults.js';

/**
 * Calls that ask the same thing share an answer, as long as it is asked for after each of them came: while one question
 * is under way, the next gathers.
 */
export class SharedCalls<Key, Answer> {
  private readonly underWay = new Map<Key, Promise<Answer>>();
  private readonly gathering = new Map<Key, Promise<Answer>>();

  constructor(private readonly ask: (key: Key) => Promise<Answer>) {}

  get(key: Key): Promise<Answer> {
    const gathering = this.gathering.get(key) ?? this.gather(key);
    this.gathering.set(key, gathering);
    return gathering;
  }

  private async gather(key: Key): Promise<Answer> {
    // With nothing under way, whatever else this tick brings shares the call.
    await (this.underWay.get(key)?.then(ignored, ignored) ?? setImmediate());
    this.gathering.delete(key);
    const underWay = this.ask(key);
    this.underWay.set(key, underWay);
    try {
      return await underWay;
    } finally {
      if (this.underWay.get(key) === underWay) this.underWay.delete(key);
    }
  }
}
