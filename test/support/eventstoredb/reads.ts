import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status as Code, type ServerWritableStream } from '@grpc/grpc-js';
import {
  callError, caughtUpAnswer, confirmationAnswer, eventAnswer, nameOf, notFoundAnswer, refusalError, streamDeletedError,
} from './answers.js';
import type { ServerDouble } from './server-double.js';
import type { StoredEvent } from './stream-store.js';

type Options = InstanceType<typeof streams.ReadReq.Options>;
type Call = ServerWritableStream<InstanceType<typeof streams.ReadReq>, InstanceType<typeof streams.ReadResp>>;

/** By stream name or event type, prefixes or a regular expression; without one, everything passes. */
const filterOf = (options: Options): ((event: StoredEvent) => boolean) => {
  const filter = options.getFilter();
  const expression = filter?.getStreamIdentifier() ?? filter?.getEventType();
  if (!expression) return () => true;
  const [regex, prefixes] = [expression.getRegex(), expression.getPrefixList()];
  const matches = regex ? (text: string): boolean => new RegExp(regex).test(text) : (text: string): boolean => prefixes.some((prefix) => text.startsWith(prefix));
  return ({ stream, type }) => matches(filter?.getStreamIdentifier() ? stream : type);
};

const isBackwards = (options: Options): boolean => options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;

const tooSlow = (): Error => callError(Code.ABORTED, 'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.');

/** Answers one `Read` call: of a stream or of `$all`, once or for ever. */
export class Read {
  private wake = (): void => undefined;

  constructor(private readonly node: ServerDouble, private readonly call: Call) {
    node.reads += 1;
    call.on('error', () => undefined);
    call.on('cancelled', () => this.wake());
    this.run().catch((error: unknown) => { call.emit('error', error); });
  }

  private async run(): Promise<void> {
    const { faults } = this.node;
    const options = this.call.request.getOptions() as Options;
    await faults.beforeAnswering();
    const needsLeader = this.call.metadata.get('requires-leader').includes('true');
    if (faults.refusal && (needsLeader || faults.refusal === 'not-ready')) throw refusalError(faults.refusal);
    if (options.hasSubscription()) {
      this.node.subscriptions += 1;
      this.node.subscribed += 1;
      await this.subscribe(options).finally(() => { this.node.subscriptions -= 1; });
    }
    else if (options.hasAll()) await this.readAll(options);
    else await this.readStream(options);
    this.call.end();
  }

  private async readStream(options: Options): Promise<void> {
    const stream = options.getStream();
    const name = nameOf(stream?.getStreamIdentifier());
    const backwards = isBackwards(options);
    const from = stream?.hasEnd() ? 'end' : Number(stream?.getRevision() || 0);
    const events = this.node.store.read(name, from, Number(options.getCount()), backwards);
    if (events === 'stream-deleted') throw streamDeletedError(name);
    if (events === 'stream-not-found') this.call.write(notFoundAnswer(name));
    else for (const event of events) await this.send(event);
  }

  /** From a position on, and with it. */
  private async readAll(options: Options): Promise<void> {
    const { store } = this.node;
    const [passes, backwards, all] = [filterOf(options), isBackwards(options), options.getAll()];
    const from = all?.hasPosition() ? Number(all.getPosition()?.getCommitPosition()) : all?.hasEnd() ? Infinity : 0;
    let left = Number(options.getCount());
    const step = backwards ? -1 : 1;
    for (let at = backwards ? store.visible - 1 : this.indexAfter(from - 1); at >= 0 && at < store.visible && left > 0; at += step) {
      const event = store.all[at] as StoredEvent;
      if ((backwards && event.position > from) || !passes(event)) continue;
      left -= 1;
      await this.send(event);
    }
  }

  /** From behind a position on. */
  private async subscribe(options: Options): Promise<void> {
    const { store, faults } = this.node;
    const all = options.getAll();
    if (faults.liveBuffer < 0) throw tooSlow();
    if (!all) throw callError(Code.UNIMPLEMENTED, 'only $all can be subscribed to');
    const passes = filterOf(options);
    this.call.write(confirmationAnswer());
    let at = all.hasEnd() ? store.visible : all.hasPosition() ? this.indexAfter(Number(all.getPosition()?.getCommitPosition())) : 0;
    for (let isLive = false; !this.call.cancelled;) {
      for (; at < store.visible && !this.call.cancelled; at += 1) {
        if (isLive && store.visible - at > faults.liveBuffer) throw tooSlow();
        const event = store.all[at] as StoredEvent;
        if (passes(event)) await this.send(event);
      }
      if (!isLive) this.call.write(caughtUpAnswer());
      isLive = true;
      await this.more(at);
      if (this.node.faults.beforeDoing || this.node.faults.answerAfterMs > 0) await this.node.faults.beforeAnswering();
    }
  }

  /** The first event behind the position. */
  private indexAfter(position: number): number {
    const { store } = this.node;
    let [low, high] = [0, store.visible];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((store.all[middle] as StoredEvent).position > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private async more(at: number): Promise<void> {
    const { store } = this.node;
    if (at < store.visible) return;
    let stopWaiting = (): void => undefined;
    await this.unlessCancelled((resolve) => { stopWaiting = store.onVisible(resolve); });
    stopWaiting();
  }

  /** Waits for a slow reader. */
  private async send(event: StoredEvent): Promise<void> {
    this.node.eventsSent += 1;
    if (!this.call.write(eventAnswer(event))) await this.unlessCancelled((resolve) => { this.call.once('drain', resolve); });
  }

  private async unlessCancelled(happens: (resolve: () => void) => void): Promise<void> {
    if (this.call.cancelled) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      happens(resolve);
    });
  }
}
