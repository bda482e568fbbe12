import { open, type Envelope, type EventDefinition } from '#libs/kernel';
import { accountEventDefinitions, catalogEventDefinitions, registryEventDefinitions, REGISTRY_STREAM } from '#libs/domain';
import { BrokenChain, CHAIN_START, continueChain, type ChainEnd, type RecordedEvent } from '#libs/event-log';
import { at, Difference, plainMessage, same } from './difference.js';

/** How far a stream was checked. */
interface StreamEnd extends ChainEnd {
  readonly recordedAt: string;
}

/** Which events a stream may hold; undefined for a stream that is none of ours. */
const definitionsFor = (stream: string): ReadonlyMap<string, EventDefinition> | undefined =>
  (stream.startsWith('account-') ? accountEventDefinitions
  : stream.startsWith('catalog-') ? catalogEventDefinitions
  : stream === REGISTRY_STREAM ? registryEventDefinitions : undefined);

/**
 * Checks events in the order of the log: positions that grow, in every stream revisions without gaps, the chain of
 * hashes over the stored bytes, ids, time that does not run backwards, and that every event can be read.
 */
export class LogCheck {
  /** By stream. All of them are kept: a few hundred bytes each. */
  private readonly ends = new Map<string, StreamEnd>();
  events = 0;
  private position = '';

  /** @param counted positions are counted from 1 without gaps, so that what was taken out leaves one */
  constructor(private readonly counted: boolean) {}

  streamsOf(category: 'account' | 'catalog'): string[] {
    return [...this.ends.keys()].filter((stream) => stream.startsWith(`${category}-`));
  }

  /** How many events these streams have. */
  eventsOf(streams: readonly string[]): number {
    return streams.reduce((sum, stream) => sum + (this.ends.get(stream)?.revision ?? -1) + 1, 0);
  }

  check(event: RecordedEvent): void {
    const { stream, revision, position } = event;
    const where = at(stream, revision);
    const before = this.ends.get(stream);
    if (this.counted) same(`${where}, position in the log`, String(this.events + 1), String(Number(position)));
    else if (position <= this.position) throw new Difference(`${where}, position in the log`, `one after ${this.position}`, position);
    this.position = position;
    const envelope = readable(event);
    const end = continued(before ?? CHAIN_START, event, envelope.previousHash);
    if (before && envelope.recordedAt < before.recordedAt) throw new Difference(`${where}, recordedAt`, `no earlier than ${before.recordedAt}`, envelope.recordedAt);
    this.ends.set(stream, { ...end, recordedAt: envelope.recordedAt });
    this.events += 1;
  }
}

/** @throws Difference */
const continued = (end: ChainEnd, event: RecordedEvent, previousHash: string | null): ChainEnd => {
  try {
    return continueChain(end, event, previousHash);
  } catch (error) {
    if (error instanceof BrokenChain) throw new Difference(`${at(event.stream, event.revision)}, ${error.what}`, error.expected, error.found);
    throw error;
  }
};

/** @throws Difference unless it is an event of its stream, of a version this release knows, with the fields it must have */
const readable = ({ stream, revision, type, body }: RecordedEvent): Envelope => {
  const definitions = definitionsFor(stream);
  if (!definitions) throw new Difference(at(stream, revision), 'a stream of an account or a catalog', stream);
  try {
    const envelope = open(type, body, definitions);
    (definitions.get(type) as EventDefinition).data.parse(envelope.data);
    return envelope;
  } catch (error) {
    throw new Difference(`${at(stream, revision)}, ${type}`, 'an event that can be read', plainMessage(error));
  }
};
