import type { EventLog, RecordedEvent } from '#libs/event-log';
import { at, Difference, same } from '../verify/difference.js';
import { LogCheck } from '../verify/log-check.js';
import { PAGE } from './copy-log.js';

/**
 * Reads a log and its copy side by side, and compares every event to the byte: the same ones in both, no further from
 * their place than a page of the copy moves them, and no more on either side. The copy's hash chains are followed as
 * `verify` does.
 * @returns how many events there are
 * @throws Difference
 */
export const compareLogs = async (source: EventLog, target: EventLog, counted: boolean, onEvents: (events: number) => void): Promise<number> => {
  const check = new LogCheck(counted);
  const copy = new Pages(target);
  const pairs = new Pairs();
  for await (const page of source.readAll({ batchSize: PAGE })) {
    for (const event of page) pairs.original(event);
    for (const event of await copy.next(page.length)) {
      check.check(event);
      pairs.copied(event);
    }
    pairs.expectFewerThan(2 * PAGE);
    onEvents(page.length);
  }
  for (const event of await copy.next(1)) pairs.copied(event);
  pairs.expectFewerThan(1);
  return check.events;
};

/** Events that were met on one side only so far. */
class Pairs {
  private readonly originals = new Map<string, RecordedEvent>();
  private readonly copies = new Map<string, RecordedEvent>();

  original(event: RecordedEvent): void {
    const copy = this.take(this.copies, event);
    if (copy) compare(event, copy);
    else this.originals.set(placeOf(event), event);
  }

  copied(event: RecordedEvent): void {
    const original = this.take(this.originals, event);
    if (original) compare(original, event);
    else this.copies.set(placeOf(event), event);
  }

  /** @throws Difference */
  expectFewerThan(most: number): void {
    const [lost] = this.originals.values();
    if (lost && this.originals.size >= most) throw new Difference(`${placeOf(lost)} in the copy`, lost.id, 'nothing');
    const [added] = this.copies.values();
    if (added && this.copies.size >= most) throw new Difference(`${placeOf(added)} in the copy`, 'nothing', added.id);
  }

  private take(from: Map<string, RecordedEvent>, event: RecordedEvent): RecordedEvent | undefined {
    const found = from.get(placeOf(event));
    from.delete(placeOf(event));
    return found;
  }
}

const placeOf = ({ stream, revision }: RecordedEvent): string => at(stream, revision);

const compare = (original: RecordedEvent, copy: RecordedEvent): void => {
  const where = `${placeOf(original)} in the copy`;
  same(`${where}, id`, original.id, copy.id);
  same(`${where}, type`, original.type, copy.type);
  same(`${where}, body`, original.body, copy.body);
};

/** A log in as many events as are asked for. */
class Pages {
  private readonly pages: AsyncIterator<readonly RecordedEvent[]>;
  private read: RecordedEvent[] = [];

  constructor(log: EventLog) {
    this.pages = log.readAll({ batchSize: PAGE })[Symbol.asyncIterator]();
  }

  async next(count: number): Promise<readonly RecordedEvent[]> {
    while (this.read.length < count) {
      const page = await this.pages.next();
      if (page.done) break;
      this.read.push(...page.value);
    }
    return this.read.splice(0, count);
  }
}
