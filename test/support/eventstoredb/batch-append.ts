import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { batchAnswer, nameOf, refusalError, type BatchAnswer } from './answers.js';
import type { AppendFault } from './faults.js';
import type { ServerDouble } from './server-double.js';
import type { Expected, ProposedEvent } from './stream-store.js';

type Request = InstanceType<typeof streams.BatchAppendReq>;
type Response = InstanceType<typeof streams.BatchAppendResp>;

/** MaxAppendSize up to server 25.0. */
const MOST_BYTES = 1_048_576;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An append is sent in as many messages as its size asks for. */
interface Incoming {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: ProposedEvent[];
}

const expectedOf = (options: InstanceType<typeof streams.BatchAppendReq.Options>): Expected => {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : Number(options.getStreamPosition());
};

const eventsOf = (request: Request): ProposedEvent[] => request.getProposedMessagesList().map((message) => ({
  id: message.getId()?.getString() ?? '',
  type: message.getMetadataMap().get('type') ?? '',
  contentType: message.getMetadataMap().get('content-type') ?? '',
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
}));

/** Answers one `BatchAppend` call: a stream of appends in, their outcomes out. */
export class BatchAppend {
  private readonly incoming = new Map<string, Incoming>();
  private readonly requests: Request[] = [];
  private working = false;

  constructor(private readonly node: ServerDouble, private readonly call: ServerDuplexStream<Request, Response>) {
    call.on('data', (request: Request) => {
      this.requests.push(request);
      void this.work();
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  }

  /** In the order of the requests, which a frozen node keeps. */
  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (let request = this.requests.shift(); request; request = this.requests.shift()) {
      if (this.node.faults.beforeDoing) await this.node.faults.beforeDoing;
      this.receive(request);
    }
    this.working = false;
  }

  private receive(request: Request): void {
    const correlationId = request.getCorrelationId();
    const key = correlationId?.getString() ?? '';
    const options = request.getOptions();
    if (options) {
      const deadline = options.getDeadline()?.toDate();
      const stream = nameOf(options.getStreamIdentifier());
      if (deadline && deadline.getTime() <= Date.now()) {
        this.answer(correlationId, stream, { kind: 'timeout' });
        return;
      }
      this.incoming.set(key, { stream, expected: expectedOf(options), events: [] });
    }
    const append = this.incoming.get(key);
    append?.events.push(...eventsOf(request));
    if (!append || !request.getIsFinal()) return;
    this.incoming.delete(key);
    this.decide(append, (answer) => this.answer(correlationId, append.stream, answer));
  }

  private decide({ stream, expected, events }: Incoming, answer: (answer: BatchAnswer) => void): void {
    const { faults, store } = this.node;
    const { refusal } = faults;
    if (typeof refusal === 'object') {
      this.call.emit('error', refusalError(refusal)); // ends the call, whatever else is under way
      return;
    }
    if (refusal) {
      answer({ kind: 'not-handled', message: { 'not-ready': 'Server Is Not Ready', busy: 'Server Is Busy', 'no-leader': 'No leader info available in response' }[refusal] });
      return;
    }
    const bad = events.find(({ id, type }) => !UUID.test(id) || type === '');
    if (bad) {
      answer({ kind: 'bad-request', message: `Unrecognized event id or type: ${bad.id} ${bad.type}` });
      return;
    }
    if (events.reduce((bytes, { data }) => bytes + data.length, 0) > MOST_BYTES) {
      answer({ kind: 'too-large', most: MOST_BYTES });
      return;
    }
    const fault = events.length > 0 ? faults.appends.shift() : undefined;
    if (fault?.endsWith('before')) {
      this.fail(fault, answer);
      return;
    }
    const outcome = store.append(stream, expected, events);
    if (fault) this.fail(fault, answer);
    else if (outcome.kind === 'dropped') setTimeout(() => answer({ kind: 'timeout' }), this.node.writeTimeoutMs);
    else if (outcome.kind !== 'done' || store.isReplicating) answer(outcome);
    else this.answerOnceReplicated(outcome, answer);
  }

  /** Nothing at all, appended, is replicated too. */
  private answerOnceReplicated(outcome: BatchAnswer & { kind: 'done' }, answer: (answer: BatchAnswer) => void): void {
    const { store, writeTimeoutMs } = this.node;
    const stopWaiting = store.onVisible(() => {
      clearTimeout(timer);
      stopWaiting();
      answer(outcome);
    });
    const timer = setTimeout(() => {
      stopWaiting();
      answer({ kind: 'timeout' });
    }, writeTimeoutMs);
  }

  private fail(fault: AppendFault, answer: (answer: BatchAnswer) => void): void {
    if (fault.startsWith('drop')) this.node.dropConnections();
    else if (fault.startsWith('time-out')) answer({ kind: 'timeout' });
  }

  private answer(correlationId: ReturnType<Request['getCorrelationId']>, stream: string, answer: BatchAnswer): void {
    const send = (): void => {
      if (!this.call.cancelled && !this.call.destroyed) this.call.write(batchAnswer(correlationId, stream, answer));
    };
    const { faults } = this.node;
    if (faults.beforeDoing || faults.answerAfterMs > 0) void faults.beforeAnswering().then(send);
    else send();
  }
}
