import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { Metadata, type ChannelOptions } from '@grpc/grpc-js';
import { callFault, Unanswered } from './faults.js';
import type { Address, ServerSettings } from './settings.js';

const ANSWER_WITHIN_MS = 1_000;
const { LEADER } = gossip.MemberInfo.VNodeState;

/**
 * Which node leads the cluster. All are asked at once and the first who knows is believed: a frozen node would hold up
 * those behind it, and one that is behind the times costs an attempt.
 */
export const findLeader = async ({ seeds, channelCredentials }: ServerSettings): Promise<Address> => {
  const nodes = (await Promise.all(seeds.map(addressesOf))).flat();
  try {
    return await Promise.any(nodes.map((node) => askForLeader(node, channelCredentials)));
  } catch (error) {
    throw new Unanswered('no node knows of a leader', undefined, { cause: error });
  }
};

/** A node to ask, and the name that its certificate is for where it was found by name. */
interface Seed extends Address {
  readonly name?: string;
}

/** A name may stand for all nodes of a cluster; each is asked. */
const addressesOf = async ({ address, port }: Address): Promise<Seed[]> => {
  if (isIP(address)) return [{ address, port }];
  const found = await lookup(address, { all: true }).catch(() => []);
  return found.map((entry) => ({ address: entry.family === 6 ? `[${entry.address}]` : entry.address, port, name: address }));
};

const askForLeader = ({ address, port, name }: Seed, channelCredentials: ServerSettings['channelCredentials']): Promise<Address> => {
  const options: ChannelOptions = {
    'grpc.use_local_subchannel_pool': 1,
    ...(name !== undefined && { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name }),
  };
  const client = new gossipService.GossipClient(`${address}:${port}`, channelCredentials, options);
  return new Promise<Address>((resolve, reject) => {
    client.read(new shared.Empty(), new Metadata(), { deadline: Date.now() + ANSWER_WITHIN_MS }, (error, cluster) => {
      const leader = error ? undefined : cluster?.getMembersList().find((member) => member.getIsAlive() && member.getState() === LEADER)?.getHttpEndPoint();
      if (leader) resolve({ address: leader.getAddress(), port: leader.getPort() });
      else reject(error ? callFault(error) : new Unanswered(`${address}:${port} knows of no leader`));
    });
  }).finally(() => client.close());
};
