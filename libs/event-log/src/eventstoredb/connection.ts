import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { Client, Metadata, type ClientReadableStream } from '@grpc/grpc-js';
import type { RecordedEvent } from '../event-log.js';
import { decodeAppendAnswer } from './append-messages.js';
import { AppendStream } from './append-stream.js';
import { callFault, ignored } from './faults.js';
import { headOf } from './heads.js';
import { proveLeadership, watchLeadership } from './leadership.js';
import { decodeReadAnswer, type NO_EVENT } from './read-messages.js';
import type { Address, ServerSettings } from './settings.js';
import { SharedCalls } from './shared-calls.js';

type ReadRequest = InstanceType<typeof streams.ReadReq>;
export type ReadCall = ClientReadableStream<RecordedEvent | typeof NO_EVENT>;

const CONNECT_WITHIN_MS = 2_000;
/** For the head of one stream: all appends of a process may have the same guard. */
const MOST_QUESTIONS = 8;

const { batchAppend, read } = streamsService.StreamsService;
const asItIs = (bytes: Buffer): Buffer => bytes;

/**
 * A connection to one node, used until anything goes wrong with it. The next one shares nothing with it: grpc's own pool
 * would hand out the dead connection again, and its own back-off would outlast the fault.
 */
export class Connection {
  readonly appends: AppendStream;
  /** The revisions that streams are at, each asked for after the call. */
  readonly heads = new SharedCalls((stream: string) => headOf(this.appends, stream), MOST_QUESTIONS);
  private readonly proofs = new SharedCalls<'node', void>(async () => { this.identityAt = await proveLeadership(this, this.identityAt); });
  private identityAt = 0;
  private readonly reads = new Set<ReadCall>();
  private fault: Error | undefined;

  private constructor(
    private readonly client: Client, private readonly metadata: Metadata, private readonly isInCluster: boolean, private readonly onLost: (fault: Error) => void,
  ) {
    const call = client.makeBidiStreamRequest(batchAppend.path, asItIs, decodeAppendAnswer, metadata);
    this.appends = new AppendStream(call, (fault) => this.lose(fault));
    if (isInCluster) void watchLeadership(this);
  }

  /**
   * @param isInCluster one of several nodes, which change roles, as far as is known
   * @param onLost told once when it can be used no more
   */
  static async open({ address, port }: Address, settings: ServerSettings, isInCluster: boolean, onLost: (fault: Error) => void): Promise<Connection> {
    const client = new featuresService.ServerFeaturesClient(`${address}:${port}`, settings.channelCredentials, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.keepalive_time_ms': settings.keepAliveIntervalMs,
      'grpc.keepalive_timeout_ms': settings.keepAliveTimeoutMs,
      'grpc.max_receive_message_length': 32 * 1024 * 1024,
      'grpc-node.flow_control_window': 4 * 1024 * 1024,
    });
    const metadata = new Metadata();
    metadata.set('connection-name', settings.connectionName);
    metadata.set('requires-leader', 'true'); // another node's word may be old
    if (settings.authorization) metadata.set('authorization', settings.authorization);
    try {
      await greet(client, metadata);
      return new Connection(client, metadata, isInCluster, onLost);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  get isLost(): boolean { return this.fault !== undefined; }

  get openReads(): number { return this.reads.size; }

  /**
   * Resolves when what the node has answered since the call was the word of the leader. In a cluster that costs a message to
   * a majority, which all who ask meanwhile share; a node of its own leads always.
   */
  async prove(): Promise<void> {
    if (this.isInCluster) await this.catchUp();
  }

  /** Resolves when everything that the node had taken before the call is written and shown: appends are carried out in their order. */
  async catchUp(): Promise<void> {
    await this.proofs.get('node');
  }

  /** The call's own errors are grpc's; see {@link callFault}. */
  read(request: ReadRequest, timeoutMs?: number): ReadCall {
    if (this.fault) throw this.fault;
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    const call = this.client.makeServerStreamRequest(read.path, read.requestSerialize, decodeReadAnswer, request, this.metadata, options);
    this.reads.add(call);
    call.once('close', () => { this.reads.delete(call); });
    return call;
  }

  /** Everything that is under way on it fails. */
  lose(fault: Error): void {
    if (this.fault) return;
    this.fault = fault;
    this.appends.lose(fault);
    for (const call of this.reads) {
      call.on('error', ignored);
      call.destroy(fault);
      call.cancel();
    }
    this.client.close();
    this.onLost(fault);
  }
}

/** Somebody is there, and can do what is needed. */
const greet = (client: InstanceType<typeof featuresService.ServerFeaturesClient>, metadata: Metadata): Promise<void> => new Promise((resolve, reject) => {
  client.getSupportedMethods(new shared.Empty(), metadata, { deadline: Date.now() + CONNECT_WITHIN_MS }, (error, features) => {
    if (error) {
      reject(callFault(error));
      return;
    }
    const methods = features.getMethodsList().map((method) => `/${method.getServiceName()}/${method.getMethodName()}`.toLowerCase());
    if (methods.includes(batchAppend.path.toLowerCase())) resolve();
    else reject(new Error(`EventStoreDB ${features.getEventStoreServerVersion()} is too old: 22.10 or later is needed`));
  });
});
