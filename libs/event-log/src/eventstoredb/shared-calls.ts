import { setImmediate } from 'node:timers/promises';
import { ignored } from './faults.js';

/**
 * Calls that ask the same thing share an answer, as long as it is asked for after each of them came: while as many
 * questions as may be are under way, the next gathers.
 */
export class SharedCalls<Key, Answer> {
  private readonly underWay = new Map<Key, Set<Promise<Answer>>>();
  private readonly gathering = new Map<Key, Promise<Answer>>();

  /** @param most questions under way for one key. Only one would have all who wait go on at the same moment, and again wait for each other. */
  constructor(private readonly ask: (key: Key) => Promise<Answer>, private readonly most = 1) {}

  get(key: Key): Promise<Answer> {
    const gathering = this.gathering.get(key) ?? this.gather(key);
    this.gathering.set(key, gathering);
    return gathering;
  }

  private async gather(key: Key): Promise<Answer> {
    const underWay = this.underWay.get(key) ?? new Set();
    this.underWay.set(key, underWay);
    // Whatever else this tick brings shares the call.
    await (underWay.size < this.most ? setImmediate() : Promise.race(underWay).then(ignored, ignored));
    this.gathering.delete(key);
    const asked = this.ask(key);
    underWay.add(asked);
    try {
      return await asked;
    } finally {
      underWay.delete(asked);
      if (underWay.size === 0 && !this.gathering.has(key)) this.underWay.delete(key);
    }
  }
}
