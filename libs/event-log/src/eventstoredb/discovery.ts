import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { Metadata, type ChannelOptions } from '@grpc/grpc-js';
import { callFault, Unanswered } from './faults.js';
import { forUrl, type Address, type ServerSettings } from './settings.js';

const ANSWER_WITHIN_MS = 1_000;
const { LEADER } = gossip.MemberInfo.VNodeState;

/** One node of a cluster, as another one (or itself) tells. */
export interface Member extends Address {
  readonly leads: boolean;
}

/**
 * Which node leads the cluster. All are asked at once and the first who knows is believed: a frozen node would hold up
 * those behind it, and one that is behind the times costs an attempt.
 */
export const findLeader = async (nodes: readonly Address[], settings: ServerSettings): Promise<Address> => {
  const seeds = (await Promise.all(nodes.map(seedsOf))).flat();
  try {
    return await Promise.any(seeds.map(async (seed) => {
      const leader = (await membersKnownTo(seed, settings)).find(({ leads }) => leads);
      if (leader) return leader;
      throw new Unanswered(`${seed.address}:${seed.port} knows of no leader`);
    }));
  } catch (error) {
    throw new Unanswered('no node knows of a leader', { cause: error });
  }
};

/** The nodes of the cluster that a server is in, itself alone where it is in none; undefined where nobody tells. */
export const findMembers = async (server: Address, settings: ServerSettings): Promise<readonly Member[] | undefined> =>
  Promise.any((await seedsOf(server)).map((seed) => membersKnownTo(seed, settings))).catch(() => undefined);

/** A node to ask, and the name that its certificate is for where it was found by name. */
interface Seed extends Address {
  readonly name?: string;
}

/** A name may stand for all nodes of a cluster; each is asked. */
const seedsOf = async ({ address, port }: Address): Promise<Seed[]> => {
  if (isIP(address)) return [{ address: forUrl(address), port }];
  const found = await lookup(address, { all: true }).catch(() => []);
  return found.map((entry) => ({ address: forUrl(entry.address), port, name: address }));
};

const membersKnownTo = ({ address, port, name }: Seed, { channelCredentials, authorization }: ServerSettings): Promise<readonly Member[]> => {
  const options: ChannelOptions = {
    'grpc.use_local_subchannel_pool': 1,
    ...(name !== undefined && { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name }),
  };
  const client = new gossipService.GossipClient(`${address}:${port}`, channelCredentials, options);
  const metadata = new Metadata();
  if (authorization) metadata.set('authorization', authorization); // a server may be told to keep its gossip from strangers
  return new Promise<readonly Member[]>((resolve, reject) => {
    client.read(new shared.Empty(), metadata, { deadline: Date.now() + ANSWER_WITHIN_MS }, (error, cluster) => {
      if (error) reject(callFault(error));
      else resolve(cluster.getMembersList().flatMap((member) => {
        const at = member.getHttpEndPoint();
        return at ? [{ address: forUrl(at.getAddress()), port: at.getPort(), leads: member.getIsAlive() && member.getState() === LEADER }] : [];
      }));
    });
  }).finally(() => client.close());
};
