import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { BillingError } from '#libs/kernel';
import { closeSession, dropPartitions, findLoss, isAtItsPosition, lockCheckpoint, openSession, readCheckpoint, readProgress, registerCheckpoint, saveCheckpoint, settleAtPosition, type AppliedEvent, type Checkpoint } from '#libs/event-feed';
import type { EventLog, Position, RecordedEvent } from '#libs/event-log';
import { isAccountStream } from '../folding/account-record.js';
import type { ReadModelName, Write } from '../folding/read-model.js';
import { LIVE } from '../projector/projector.js';
import { readModelNames, ReadModelWriters, withNeeds } from '../read-models.js';
import { dropCopy, gatherStatistics, makeCopy, NEXT, saveProgress, switchTables, type Progress } from './copy-tables.js';
import { claimRebuild, isLockTimeout } from './turn.js';

const PAGE = 500;
/** Events written in one transaction: many, because an account's balance is then written once for many of its events. */
const WRITTEN_AT_ONCE = 20_000;
/** Events that may be left for the moment in which the live projector waits. */
const CLOSE = 1_000;
/**
 * Longest that queries are kept waiting by a switch that cannot get its turn, and what passes before it tries again. A
 * vacuum of the table gives way after a second.
 */
const SWITCH_WAITS = '1500ms';
const SWITCH_AGAIN_MS = 250;
const SWITCH_ATTEMPTS = 120;

export interface RebuildOptions {
  readonly url: string;
  readonly log: EventLog;
  readonly names: readonly ReadModelName[];
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds read models anew beside the live ones: fills copies from the first event on up to the end of the log while the live
 * projectors go on, and takes their locks for the last few events and the switch. Until that commits nothing live is
 * touched; a rebuild that was cut off leaves a schema behind that the next one removes.
 * @throws conflict/state_conflict while another rebuild runs, PoisonEvent
 */
export const rebuild = async ({ url, log, names, onProgress, signal }: RebuildOptions): Promise<void> => {
  const session = await openSession(url, 'meterbook rebuild');
  try {
    await claimRebuild(session);
    await registerCheckpoint(session, LIVE, log.id);
    const build = async (wanted: readonly ReadModelName[]): Promise<void> => {
      await makeCopy(session, wanted);
      try {
        await new Rebuild(session, log, wanted, onProgress, signal).run();
      } catch (error) {
        await giveUp(session).catch(() => undefined); // the database may be what failed; the next rebuild removes it
        throw error;
      }
    };
    try {
      await build(withNeeds(names));
    } catch (error) {
      if (!(error instanceof NoOnePlace)) throw error;
      await build(readModelNames);
    }
  } finally {
    await closeSession(session);
  }
};

/** A topic feeds the live ones, or the log has lost some of their events: they are at no one place in the log, where one of them could take its place among the others. */
class NoOnePlace extends Error {}

const giveUp = async (session: Client): Promise<void> => {
  await session.query('ROLLBACK');
  await dropCopy(session);
};

const ofAccounts = (page: readonly RecordedEvent[]): RecordedEvent[] => page.filter(({ stream }) => isAccountStream(stream));

/** How far the copy is. */
interface Place { readonly newest: AppliedEvent | undefined; readonly events: number }

const placeAfter = ({ newest, events }: Place, page: readonly RecordedEvent[]): Place => ({ newest: page.at(-1) ?? newest, events: events + page.length });

class Rebuild {
  private readonly writers: ReadModelWriters;
  private place: Place = { newest: undefined, events: 0 };

  constructor(
    private readonly session: Client, private readonly log: EventLog, private readonly names: readonly ReadModelName[],
    private readonly onProgress: ((progress: Progress) => void) | undefined, private readonly signal: AbortSignal | undefined,
  ) {
    this.writers = new ReadModelWriters(NEXT, names);
  }

  async run(): Promise<void> {
    await this.comeClose();
    await gatherStatistics(this.session, this.names);
    for (let attempt = 1; !(await this.switched()); attempt += 1) {
      if (attempt === SWITCH_ATTEMPTS) throw new BillingError('unavailable', 'database_unavailable', { detail: 'somebody holds a lock on the live tables; the rebuild was given up' });
      await delay(SWITCH_AGAIN_MS);
      // What came meanwhile is written now: each attempt would fold it anew, while the live projector waits.
      await this.comeClose();
    }
  }

  /** Fills the copy until it is so close behind the live ones that the rest takes a moment. */
  private async comeClose(): Promise<void> {
    for (let left = Infinity; left > CLOSE;) {
      this.signal?.throwIfAborted();
      const before = this.place.events;
      await this.fillTo(await this.goal(await readCheckpoint(this.session, LIVE)));
      left = this.place.events - before;
    }
  }

  /**
   * Where the copy has to stand when it takes the live ones' place: where those are; and where those are at no one place of
   * this log, at its end, which by the time it is asked for is past all that they have.
   */
  private async goal(live: Checkpoint | undefined): Promise<Goal> {
    if (!live) throw new Error('the checkpoint of the live read models is gone');
    const { events: total } = await readProgress(this.session, LIVE);
    const isOurs = live.source === this.log.id;
    const areAll = this.names.length === readModelNames.length;
    if (isOurs && await isAtItsPosition(this.session, LIVE) && (areAll || await findLoss(this.session, LIVE, this.log) === undefined)) return { position: live.position, total };
    // Some of them at the end, and the others where they are, or beyond it, would contradict each other.
    if (!areAll) {
      if (isOurs) throw new NoOnePlace();
      throw new BillingError('conflict', 'state_conflict', { detail: 'the read models were made from another log; rebuild all of them together' });
    }
    return { position: await this.log.end() ?? '', total: isOurs ? total : this.place.events };
  }

  /** Folds on while what was folded before is written, each time in a transaction of its own. */
  private async fillTo(goal: Goal): Promise<void> {
    let writing = Promise.resolve();
    let pending = 0;
    let last = this.place;
    const write = async (): Promise<void> => {
      await writing;
      this.writers.settle();
      writing = this.commit(this.writers.take(), last, goal);
      writing.catch(() => undefined); // told when it is awaited
      pending = 0;
    };
    try {
      for await (const page of this.pagesTo(goal)) {
        this.signal?.throwIfAborted();
        await this.writers.fold(this.session, ofAccounts(page));
        pending += page.length;
        last = placeAfter(last, page);
        if (pending >= WRITTEN_AT_ONCE) await write();
      }
      if (pending > 0) await write();
    } finally {
      await writing; // a transaction that failed is the reason of whatever failed after it
    }
    this.writers.settle();
  }

  private async commit(write: Write, place: Place, { total }: Goal): Promise<void> {
    const progress = { events: place.events, total: Math.max(total, place.events) };
    await this.session.query('BEGIN');
    await write(this.session);
    await saveProgress(this.session, progress);
    await this.session.query('COMMIT');
    this.place = place;
    this.onProgress?.(progress);
  }

  /** False when a query held one of the tables for too long: then the live projector goes on, and it is to be tried again. */
  private async switched(): Promise<boolean> {
    const tx = this.session;
    try {
      await tx.query('BEGIN');
      const live = await lockCheckpoint(tx, LIVE);
      await dropPartitions(tx, LIVE); // whom a topic leads waits, goes on from this position, and then from the topic again
      const goal = await this.goal(live);
      let last = this.place;
      for await (const page of this.pagesTo(goal)) {
        this.signal?.throwIfAborted();
        await this.writers.fold(tx, ofAccounts(page));
        last = placeAfter(last, page);
      }
      const { newest, events } = last;
      await this.writers.take()(tx);
      await tx.query(`SET LOCAL lock_timeout = '${SWITCH_WAITS}'`);
      await switchTables(tx, this.names);
      await saveCheckpoint(tx, LIVE, { source: this.log.id, position: newest?.position ?? '', events, generation: (live?.generation ?? 0) + 1 });
      await settleAtPosition(tx, LIVE, newest);
      await tx.query('COMMIT');
      this.onProgress?.({ events, total: events });
      return true;
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      await tx.query('ROLLBACK');
      this.writers.forget();
      return false;
    }
  }

  /** The log from the copy's place up to a goal, which need not be the place of an event: the last page may be empty. */
  private async *pagesTo({ position: goal }: Goal): AsyncGenerator<readonly RecordedEvent[], void> {
    const after = this.place.newest?.position;
    if (goal <= (after ?? '')) return;
    for await (const page of this.log.readAll({ after, batchSize: PAGE })) {
      const last = page.at(-1);
      if (last && last.position < goal) {
        yield page;
        continue;
      }
      yield page.filter(({ position }) => position <= goal);
      return;
    }
  }
}

interface Goal {
  readonly position: Position;
  readonly total: number;
}
