import type { SealedEvent } from '#libs/kernel';
import { RevisionConflict, StaleGuard, type Appended, type RecordedEvent, type StreamHead } from '../event-log.js';
import type { BinaryArrays } from './binary-arrays.js';
import { positionOf } from './position.js';

/** One call of `append`, waiting for its outcome. */
export interface Append {
  readonly stream: string;
  readonly events: readonly SealedEvent[];
  readonly expected: number;
  readonly guards: readonly StreamHead[];
  readonly resolve: (appended: Appended) => void;
  readonly reject: (reason: unknown) => void;
}

/** What the statement answers: where the log stood, and a row for each check that failed (numbered from 1; one with nulls when none did). */
export type AppendRow = readonly [before: string, check: string | null, actual: string | null, firstAnswer: string | null];

/**
 * Checks the heads of all streams and guards, then inserts the appends of which every check held; `adding` is 0 for a
 * confirmation and for a guard. Positions continue the log's last one: the lock that is held makes them gapless and in
 * commit order. An append whose stream has moved on, to just these events, was done before: its first answer is given.
 */
export const APPEND = `
WITH head AS MATERIALIZED (
  SELECT n, stream, expected, adding,
    coalesce((SELECT e.revision FROM log.events e WHERE e.stream = c.stream ORDER BY e.revision DESC LIMIT 1), -1) AS actual
  FROM unnest($1::text[], $2::bigint[], $3::int[]) WITH ORDINALITY AS c (stream, expected, adding, n)
), failed AS MATERIALIZED (
  SELECT * FROM head WHERE actual <> expected
), refused AS MATERIALIZED (
  SELECT n FROM failed
  UNION ALL SELECT append FROM unnest($4::int[], $5::int[]) AS g (append, guard) WHERE guard IN (SELECT n FROM failed)
), before AS MATERIALIZED (
  SELECT coalesce(max(position), 0) AS position FROM log.events
), inserted AS (
  INSERT INTO log.events (position, stream, revision, id, type, body)
  SELECT before.position + row_number() OVER (ORDER BY e.at), e.stream, e.revision, e.id, e.type, e.body
  FROM before, unnest($6::int[], $7::text[], $8::bigint[], $9::text[]::uuid[], $10::text[], $11::text[])
    WITH ORDINALITY AS e (append, stream, revision, id, type, body, at)
  WHERE e.append NOT IN (SELECT n FROM refused)
  RETURNING position
)
SELECT before.position, failed.n, failed.actual,
  (SELECT max(e.position) FROM unnest($6::int[], $8::bigint[], $9::text[]::uuid[]) AS own (append, revision, id)
    JOIN log.events e ON e.stream = failed.stream AND e.revision = own.revision AND e.id = own.id
    WHERE own.append = failed.n HAVING count(*) = failed.adding),
  (SELECT pg_notify('meterbook_log', max(position)::text) FROM inserted HAVING count(*) > 0)
FROM before LEFT JOIN failed ON true`;

/** More in one commit would only make its first caller wait for the last. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** What a commit added to the log: the events of `appends`, in this order, after position `before` up to `end`. */
export interface Commit {
  readonly before: number;
  readonly end: number;
  readonly appends: readonly Append[];
}

/** Appends that share one commit; each has its own outcome. At most one adds to a stream, so that no outcome hangs on another. */
export class AppendBatch {
  private readonly appends: Append[] = [];
  private readonly writtenTo = new Set<string>();
  private readonly guards = new Map<string, StreamHead>();
  private characters = 0;

  constructor(private readonly most: number) {}

  get size(): number { return this.appends.length; }

  /** Confirmations alone need no lock and no commit. */
  get writes(): boolean { return this.writtenTo.size > 0; }

  /** False when the append has to wait for a later batch. */
  add(append: Append): boolean {
    if (this.appends.length === this.most) return false;
    if (append.events.length > 0) {
      let characters = 0;
      for (const { body } of append.events) characters += body.length;
      if (this.writtenTo.has(append.stream) || (this.characters > 0 && this.characters + characters > MOST_CHARACTERS)) return false;
      this.writtenTo.add(append.stream);
      this.characters += characters;
    }
    for (const guard of append.guards) this.guards.set(keyOf(guard), guard);
    this.appends.push(append);
    return true;
  }

  /** The parameters of {@link APPEND}. Checks are numbered from 1: one for each append, then one for each guard. */
  encode(arrays: BinaryArrays): Buffer[] {
    const heads = { stream: [] as string[], expected: [] as number[], adding: [] as number[] };
    const needs = { append: [] as number[], guard: [] as number[] };
    const events = { append: [] as number[], stream: [] as string[], revision: [] as number[], id: [] as string[], type: [] as string[], body: [] as string[] };
    const numbers = this.guardNumbers();
    let number = 0;
    for (const { stream, expected, events: added, guards } of this.appends) {
      number += 1;
      heads.stream.push(stream);
      heads.expected.push(expected);
      heads.adding.push(added.length);
      let revision = expected;
      for (const { id, type, body } of added) {
        revision += 1;
        events.append.push(number);
        events.stream.push(stream);
        events.revision.push(revision);
        events.id.push(id);
        events.type.push(type);
        events.body.push(body);
      }
      for (const guard of guards) {
        needs.append.push(number);
        needs.guard.push(numbers.get(keyOf(guard)) as number);
      }
    }
    for (const { stream, revision } of this.guards.values()) {
      heads.stream.push(stream);
      heads.expected.push(revision);
      heads.adding.push(0);
    }
    arrays.rewind();
    return [
      arrays.texts(heads.stream), arrays.int8s(heads.expected), arrays.int4s(heads.adding),
      arrays.int4s(needs.append), arrays.int4s(needs.guard),
      arrays.int4s(events.append), arrays.texts(events.stream), arrays.int8s(events.revision),
      arrays.texts(events.id), arrays.texts(events.type), arrays.texts(events.body),
    ];
  }

  /** Gives each caller its outcome, from the statement's rows. */
  settle(rows: readonly AppendRow[]): Commit {
    const failed = new Map<number, AppendRow>();
    for (const row of rows) if (row[1] !== null) failed.set(Number(row[1]), row);
    const numbers = this.guardNumbers();
    const before = Number(rows[0]?.[0]);
    const winners: Append[] = [];
    let end = before;
    this.appends.forEach((append, index) => {
      const { stream, events, expected } = append;
      const moved = failed.get(index + 1);
      if (moved) {
        const [, , actual, firstAnswer] = moved;
        if (firstAnswer === null) append.reject(new RevisionConflict(stream, expected, Number(actual)));
        else append.resolve({ revision: expected + events.length, position: positionOf(firstAnswer) });
        return;
      }
      const stale = failed.size > 0 && append.guards.find((guard) => failed.has(numbers.get(keyOf(guard)) as number));
      if (stale) {
        const [, , actual] = failed.get(numbers.get(keyOf(stale)) as number) as AppendRow;
        append.reject(new StaleGuard(stale.stream, stale.revision, Number(actual)));
        return;
      }
      if (events.length > 0) winners.push(append);
      end += events.length;
      append.resolve({ revision: expected + events.length, position: events.length > 0 ? positionOf(end) : undefined });
    });
    return { before, end, appends: winners };
  }

  refuse(reason: unknown): void {
    for (const { reject } of this.appends) reject(reason);
  }

  /** The same appends, each in a batch of its own. */
  split(): AppendBatch[] {
    return this.appends.map((append) => {
      const batch = new AppendBatch(1);
      batch.add(append);
      return batch;
    });
  }

  private guardNumbers(): Map<string, number> {
    return new Map([...this.guards.keys()].map((key, index) => [key, this.appends.length + index + 1]));
  }
}

const keyOf = ({ stream, revision }: StreamHead): string => `${revision} ${stream}`;

/** A commit's events as a reader of the log would get them. */
export const recordedEvents = ({ before, appends }: Commit): RecordedEvent[] => {
  let position = before;
  return appends.flatMap(({ stream, events, expected }) => events.map(({ id, type, body }, offset) => {
    position += 1;
    return { id, type, body, stream, revision: expected + 1 + offset, position: positionOf(position) };
  }));
};
