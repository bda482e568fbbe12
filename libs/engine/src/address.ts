import type { AddressInfo } from 'node:net';
import { Failure } from '#libs/process';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What the system says of an address, in words. */
const REFUSED: Readonly<Record<string, (address: Address) => string>> = {
  EADDRINUSE: ({ port }) => `Port ${port} is in use; stop what listens there, or set PORT to another.`,
  EACCES: ({ port }) => `Port ${port} may not be used by this user; set PORT to one from 1024 on.`,
  EADDRNOTAVAIL: ({ host }) => `HOST is ${host}, which is no address of this machine.`,
  ENOTFOUND: ({ host }) => `HOST is ${host}, which is no address of this machine.`,
};

/** Listens, and says at which URL. @throws Failure where the address cannot be had */
export const listenAt = async (address: Address, listen: (address: Address) => Promise<AddressInfo>): Promise<string> => {
  try {
    const { port } = await listen(address);
    const { host } = address;
    const everywhere = host === '0.0.0.0' || host === '::';
    return `http://${everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`;
  } catch (error) {
    const refused = REFUSED[(error as NodeJS.ErrnoException).code ?? ''];
    throw refused ? new Failure(refused(address), { cause: error }) : error;
  }
};
