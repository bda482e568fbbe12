import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parseConnectionString } from '@eventstore/db-client/dist/Client/parseConnectionString.js';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** An address as it stands before a port, where the colons of an IPv6 address would be taken for more. */
export const forUrl = (address: string): string => (isIP(address) === 6 ? `[${address}]` : address);

/** How to reach a server, or a cluster of them. */
export interface ServerSettings {
  /** The one server; or the nodes, or one name for all of them, that are asked where the leader is. */
  readonly seeds: readonly Address[];
  /** Its nodes change roles: which one leads is found out each time a connection is opened. */
  readonly isCluster: boolean;
  readonly channelCredentials: ChannelCredentials;
  /** Header of every call; none without TLS, over which alone a password may go. */
  readonly authorization: string | undefined;
  readonly connectionName: string;
  readonly keepAliveIntervalMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** A frozen server is given up after both together. The client library's 10 s each would cost a subscription 20 s. */
const KEEP_ALIVE_MS = { interval: 4_000, timeout: 4_000 } as const;

const fileOf = (path: string | undefined): Buffer | null => (path === undefined ? null : readFileSync(path));

/**
 * Reads a connection string as the client library does: `esdb://user:password@host:2113?tls=true&tlsCAFile=…`, several
 * hosts or `esdb+discover://name` for a cluster; KurrentDB's `kurrentdb://` means the same.
 */
export const readSettings = (url: string): ServerSettings => {
  const { hosts, dnsDiscover, defaultCredentials, tls, ...options } = parse(url);
  const isSecure = tls !== false;
  return {
    seeds: hosts,
    isCluster: dnsDiscover || hosts.length > 1,
    channelCredentials: isSecure
      ? credentials.createSsl(fileOf(options.tlsCAFile), fileOf(options.userKeyFile), fileOf(options.userCertFile))
      : credentials.createInsecure(),
    authorization: isSecure && defaultCredentials
      ? `Basic ${Buffer.from(`${defaultCredentials.username}:${defaultCredentials.password}`).toString('base64')}` : undefined,
    connectionName: options.connectionName ?? 'meterbook',
    keepAliveIntervalMs: options.keepAliveInterval ?? KEEP_ALIVE_MS.interval,
    keepAliveTimeoutMs: options.keepAliveTimeout ?? KEEP_ALIVE_MS.timeout,
  };
};

/** The library's own error repeats the whole string, password included. */
const parse = (url: string): ReturnType<typeof parseConnectionString> => {
  try {
    return parseConnectionString(url.trim().replace(/^kurrentdb(?=(\+discover)?:)/, 'esdb'));
  } catch {
    throw new Error('not a connection string of EventStoreDB, such as esdb://user:password@host:2113?tls=true');
  }
};
