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
 * hosts or `esdb+discover://name` for a cluster; KurrentDB's `kurrentdb://`, `kurrent://` and `kdb://` mean the same.
 * `tlsVerifyCert=false`, which the library has no use for, believes any certificate.
 */
export const readSettings = (url: string): ServerSettings => {
  const { hosts, dnsDiscover, user, verifies, tls, ...options } = parse(url);
  const isSecure = tls !== false;
  return {
    seeds: hosts,
    isCluster: dnsDiscover || hosts.length > 1,
    channelCredentials: isSecure
      ? credentials.createSsl(fileOf(options.tlsCAFile), fileOf(options.userKeyFile), fileOf(options.userCertFile), { rejectUnauthorized: verifies })
      : credentials.createInsecure(),
    authorization: isSecure && user !== undefined ? `Basic ${Buffer.from(user).toString('base64')}` : undefined,
    connectionName: options.connectionName ?? 'meterbook',
    keepAliveIntervalMs: options.keepAliveInterval ?? KEEP_ALIVE_MS.interval,
    keepAliveTimeoutMs: options.keepAliveTimeout ?? KEEP_ALIVE_MS.timeout,
  };
};

interface ConnectionString extends ReturnType<typeof parseConnectionString> {
  /** Name and password, with a colon between. */
  readonly user: string | undefined;
  /** Whether a certificate has to be one that somebody vouches for. */
  readonly verifies: boolean;
}

const SCHEME = /^(?:esdb|kurrentdb|kurrent|kdb)(\+discover)?:\/\//;
const USER = /^([^:/?]+):([^@]*)@/;
const VERIFY = /([?&])tls[-_]?verify[-_]?cert=(true|false)(?:&|$)/i;

/** The library repeats the whole string in an error and in a warning, so that it gets it without a password. */
const parse = (url: string): ConnectionString => {
  const text = url.trim();
  try {
    const [scheme, discover = ''] = SCHEME.exec(text) ?? [''];
    const address = text.slice(scheme.length);
    const [credited, name, password] = USER.exec(address) ?? [''];
    const [, , verify] = VERIFY.exec(address) ?? [];
    const rest = address.slice(credited.length).replace(VERIFY, '$1').replace(/[?&]$/, '');
    return {
      ...parseConnectionString(scheme === '' ? '' : `esdb${discover}://${rest}`),
      user: name !== undefined && password !== undefined ? `${decodeURIComponent(name)}:${decodeURIComponent(password)}` : undefined,
      verifies: verify?.toLowerCase() !== 'false',
    };
  } catch {
    throw new Error('not a connection string of EventStoreDB, such as esdb://user:password@host:2113?tls=true');
  }
};
