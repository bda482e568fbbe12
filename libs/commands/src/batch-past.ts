import { keysTouched, type AccountFact, type Past, type PastFact } from '#libs/domain';
import { MemoryRewound, type EventLog, type StreamMemory } from '#libs/event-log';
import { factOf, type RecentIds } from './loaded-account.js';

/** Events between two wanted ones that are cheaper to read than to ask again for. */
const NEAR = 16;

/** What the commands of one batch are decided on: the earlier events under their ids, from the log and from the batch itself. */
export class BatchPast {
  private readonly found = new Map<string, readonly PastFact[]>();
  /** What was decided earlier in this batch is past too for the commands behind it. */
  private readonly fresh = new Map<string, PastFact[]>();

  constructor(private readonly parts: { readonly log: EventLog; readonly memory: StreamMemory }, private readonly stream: string, private readonly ids: RecentIds) {}

  /** Those that have to be looked up before they are asked for. */
  missing(keys: readonly string[]): string[] {
    return keys.filter((key) => !this.found.has(key));
  }

  /**
   * Finds the earlier events under these keys: from memory for recent ones, from the id index for those forgotten.
   * @throws MemoryRewound when the index no longer has all that was forgotten
   */
  async lookUp(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    // Memory first: a snapshot saved meanwhile moves ids from there to the index, and one of the two looks must see them.
    const recent = new Map(keys.map((key) => [key, this.ids.find(key)]));
    const indexed = await this.askIndex(keys);
    if (!indexed && keys.every((key) => recent.get(key)?.length === 0)) {
      for (const key of keys) this.found.set(key, []);
      return; // new ids, as nearly always
    }
    const revisions = new Map([...recent].map(([key, uses]) => [key, [...new Set([...indexed?.get(key) ?? [], ...uses])].sort((a, b) => a - b)]));
    const facts = await this.readFacts([...new Set([...revisions.values()].flat())].sort((a, b) => a - b));
    for (const [key, uses] of revisions) {
      // The index may still have uses from a history that the log has lost.
      this.found.set(key, uses.flatMap((revision) => facts.get(revision) ?? []).filter((fact) => keysTouched(fact).includes(key)));
    }
  }

  /** What it has for ids that were forgotten; undefined where none ever was. */
  private async askIndex(keys: readonly string[]): Promise<ReadonlyMap<string, readonly number[]> | undefined> {
    const { indexedTo } = this.ids; // when memory was looked at: a snapshot saved meanwhile need not be there yet
    if (indexedTo < 0) return undefined;
    const found = await this.parts.memory.find(this.stream, keys);
    if (found.indexedTo < indexedTo) throw new MemoryRewound(this.stream, indexedTo, found.indexedTo);
    return found.uses;
  }

  /** Under keys that were looked up. */
  under(keys: readonly string[]): Past {
    const past = new Map<string, readonly PastFact[]>();
    for (const key of keys) {
      const [earlier = [], inBatch] = [this.found.get(key), this.fresh.get(key)];
      const facts = inBatch ? [...earlier, ...inBatch] : earlier;
      if (facts.length > 0) past.set(key, facts);
    }
    return past;
  }

  /** @param after the revision before the first of them */
  add(facts: readonly AccountFact[], after: number): void {
    let revision = after;
    for (const fact of facts) {
      revision += 1;
      for (const key of keysTouched(fact)) {
        const past = { ...fact, revision } as PastFact;
        const earlier = this.fresh.get(key);
        if (earlier) earlier.push(past);
        else this.fresh.set(key, [past]);
      }
    }
  }

  /** Reads events by their revisions; those that lie close together, as repeats of a batch do, in one go. */
  private async readFacts(revisions: readonly number[]): Promise<Map<number, PastFact>> {
    const facts = new Map<number, PastFact>();
    const wanted = new Set(revisions);
    const runs: { from: number; to: number }[] = [];
    for (const revision of revisions) {
      const last = runs.at(-1);
      if (last && revision - last.to <= NEAR) last.to = revision;
      else runs.push({ from: revision, to: revision });
    }
    await Promise.all(runs.map(async ({ from, to }) => {
      for await (const events of this.parts.log.read(this.stream, { from, limit: to - from + 1 })) {
        for (const event of events) if (wanted.has(event.revision)) facts.set(event.revision, factOf(event));
      }
    }));
    return facts;
  }
}
