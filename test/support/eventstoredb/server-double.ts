import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import gossip from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipMessages from '@eventstore/db-client/generated/gossip_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featureMessages from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_grpc_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import { Server, ServerCredentials, status as Code, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { callError, nameOf, streamDeletedError, wrongVersionError } from './answers.js';
import { BatchAppend } from './batch-append.js';
import { Faults, type Address } from './faults.js';
import { Read } from './reads.js';
import { StreamStore, type WriteAnswer } from './stream-store.js';

export interface Member extends Address {
  readonly isLeader: boolean;
  readonly isAlive: boolean;
}

export interface DoubleOptions {
  readonly port?: number;
  /** Its own unless it is given one, which others may share. */
  readonly store?: StreamStore;
  /** WriteTimeoutMs of a real server. */
  readonly writeTimeoutMs?: number;
}

type DeleteRequest = InstanceType<typeof messages.DeleteReq>;
type TombstoneRequest = InstanceType<typeof messages.TombstoneReq>;

/** A double of an EventStoreDB node: speaks its gRPC protocol without TLS, and fails as it is told. */
export class ServerDouble {
  readonly faults = new Faults();
  readonly store: StreamStore;
  readonly writeTimeoutMs: number;
  /** What its gossip says; by itself it is a cluster of one. */
  members: () => readonly Member[] = () => [{ ...this.address, isLeader: true, isAlive: true }];
  /** How many are open. */
  subscriptions = 0;
  /** How many there have been. */
  subscribed = 0;
  /** How many there have been. */
  connections = 0;
  /** Calls to read or subscribe, whatever became of them. */
  reads = 0;
  /** To whoever read or subscribed. */
  eventsSent = 0;
  private readonly sockets = new Set<Socket>();
  /** As a real server's: what is more waits in the client. */
  private readonly grpc = new Server({ 'grpc.max_concurrent_streams': 100 });
  private tcp: TcpServer | undefined;
  private port: number;

  private constructor({ port = 0, store = new StreamStore(), writeTimeoutMs = 2_000 }: DoubleOptions) {
    this.port = port;
    this.store = store;
    this.writeTimeoutMs = writeTimeoutMs;
    this.grpc.addService(streams.StreamsService, {
      batchAppend: (call: ConstructorParameters<typeof BatchAppend>[1]) => new BatchAppend(this, call),
      read: (call: ConstructorParameters<typeof Read>[1]) => new Read(this, call),
      delete: (call: ServerUnaryCall<DeleteRequest, unknown>, callback: sendUnaryData<unknown>) => this.remove(call.request, callback),
      tombstone: (call: ServerUnaryCall<TombstoneRequest, unknown>, callback: sendUnaryData<unknown>) => this.remove(call.request, callback),
      append: (_: unknown, callback: sendUnaryData<unknown>) => callback(callError(Code.UNIMPLEMENTED, 'only BatchAppend')),
    });
    this.grpc.addService(features.ServerFeaturesService, {
      getSupportedMethods: (_: unknown, callback: sendUnaryData<unknown>) => { void this.answer(supported, callback); },
    });
    this.grpc.addService(gossip.GossipService, {
      read: (_: unknown, callback: sendUnaryData<unknown>) => {
        if (this.faults.gossip === 'denied') callback(callError(Code.PERMISSION_DENIED, 'Access Denied'));
        else if (this.faults.gossip === undefined) void this.answer(() => clusterOf(this.members()), callback);
      },
    });
  }

  static async start(options: DoubleOptions = {}): Promise<ServerDouble> {
    const node = new ServerDouble(options);
    await node.listen();
    return node;
  }

  get address(): Address { return { address: '127.0.0.1', port: this.port }; }

  /** A connection string. */
  get url(): string { return `esdb://127.0.0.1:${this.port}?tls=false`; }

  /** Breaks every connection; new ones work. */
  dropConnections(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Nobody can connect any more, until it is started again on the same port. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => { this.tcp?.close(resolve); });
    this.dropConnections();
    await closed;
  }

  /** For the first time, or again after a stop. */
  async listen(): Promise<void> {
    const injector = this.grpc.createConnectionInjector(ServerCredentials.createInsecure());
    this.tcp = createServer((socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => { this.sockets.delete(socket); });
      socket.setNoDelay(true);
      injector.injectConnection(socket);
    });
    await new Promise<void>((resolve) => { this.tcp?.listen(this.port, '127.0.0.1', resolve); });
    this.port = (this.tcp.address() as AddressInfo).port;
  }

  private async answer(what: () => unknown, callback: sendUnaryData<unknown>): Promise<void> {
    await this.faults.beforeAnswering();
    callback(null, what());
  }

  private remove(request: DeleteRequest | TombstoneRequest, callback: sendUnaryData<unknown>): void {
    const options = request.getOptions();
    const stream = nameOf(options?.getStreamIdentifier());
    const expected = options?.hasAny() ? 'any' : options?.hasNoStream() ? 'no_stream' : options?.hasStreamExists() ? 'stream_exists' : Number(options?.getRevision());
    const isTombstone = request instanceof messages.TombstoneReq;
    const answer: WriteAnswer = isTombstone ? this.store.tombstone(stream, expected) : this.store.delete(stream, expected);
    if (answer.kind === 'stream-deleted') callback(streamDeletedError(stream));
    else if (answer.kind === 'wrong-expected-version') callback(wrongVersionError(stream, typeof expected === 'number' ? expected : -1, answer.actual));
    else callback(null, isTombstone ? new messages.TombstoneResp() : new messages.DeleteResp());
  }
}

const supported = (): InstanceType<typeof featureMessages.SupportedMethods> => {
  const method = new featureMessages.SupportedMethod();
  method.setServiceName('event_store.client.streams.streams');
  method.setMethodName('batchappend');
  const answer = new featureMessages.SupportedMethods();
  answer.setEventStoreServerVersion('23.10.8-double');
  answer.addMethods(method);
  return answer;
};

const clusterOf = (members: readonly Member[]): InstanceType<typeof gossipMessages.ClusterInfo> => {
  const cluster = new gossipMessages.ClusterInfo();
  for (const { address, port, isLeader, isAlive } of members) {
    const endPoint = new gossipMessages.EndPoint();
    endPoint.setAddress(address);
    endPoint.setPort(port);
    const instance = new shared.UUID();
    instance.setString(crypto.randomUUID());
    const member = new gossipMessages.MemberInfo();
    member.setInstanceId(instance);
    member.setState(gossipMessages.MemberInfo.VNodeState[isLeader ? 'LEADER' : 'FOLLOWER']);
    member.setIsAlive(isAlive);
    member.setHttpEndPoint(endPoint);
    cluster.addMembers(member);
  }
  return cluster;
};
