import { assertNever } from '#libs/kernel';
import type { Conversation } from './job.js';

export const TOKEN = 'benchmark-operator-token';
export const CATALOG = 'kyma';
const MODEL = 'claude-sonnet-4-6';

export const accountIdOf = (number: number): string => `a${String(number).padStart(6, '0')}`;

/** What one connection sends. The bytes are only valid until the next call: they are changed in place. */
export interface Talk {
  /** Undefined: nothing is left to say. */
  next(): Buffer | undefined;
  readonly expectedStatus: number;
  /** True where it may be broken off: no hold is left open. */
  readonly atRest: boolean;
  /** The last request was refused: what would have followed from it does not. */
  giveUp(): void;
}

const request = (method: string, path: string, body?: object): Buffer => {
  const json = body === undefined ? '' : JSON.stringify(body);
  const content = body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n${content}\r\n${json}`);
};

/** Digits inside a prepared request that are written anew for each use: far cheaper than building it again. */
class Digits {
  private readonly at: number;

  constructor(private readonly buffer: Buffer, private readonly placeholder: string) {
    this.at = buffer.indexOf(placeholder);
    if (this.at < 0) throw new Error(`no ${placeholder} in the request`);
  }

  write(value: number): void {
    let rest = value;
    for (let at = this.at + this.placeholder.length - 1; at >= this.at; at -= 1) {
      this.buffer[at] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}

/** A cheap repeatable sequence (Lehmer): which accounts and how many tokens is the same in every run. */
const sequence = (seed: number) => {
  let state = seed + 1;
  return (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
};

class HoldAndSettle implements Talk {
  private readonly hold: Buffer;
  private readonly settle: Buffer;
  private readonly inHold: { account: Digits; id: Digits; tokens: Digits };
  private readonly inSettle: { account: Digits; id: Digits; tokens: Digits };
  private readonly random: (below: number) => number;
  private holding = false;
  private account = 0;
  private sent = 0;

  constructor(run: string, connection: number, private readonly first: number, private readonly accounts: number) {
    const id = `${run}-${String(connection).padStart(3, '0')}-99999999`;
    this.random = sequence(connection * 7_919 + 17);
    this.hold = request('POST', '/v1/holds', {
      id, accountId: 'a888888', model: MODEL, usage: { input_tokens: 4_000, cached_input_tokens: 8_000, output_tokens: 7_777 },
    });
    this.settle = request('POST', `/v1/accounts/a888888/holds/${id}/settle`, {
      usage: { input_tokens: 4_000, cached_input_tokens: 8_000, output_tokens: 777 },
    });
    this.inHold = { account: new Digits(this.hold, '888888'), id: new Digits(this.hold, '99999999'), tokens: new Digits(this.hold, '7777') };
    this.inSettle = { account: new Digits(this.settle, '888888'), id: new Digits(this.settle, '99999999'), tokens: new Digits(this.settle, '777') };
  }

  get atRest(): boolean { return !this.holding; }
  get expectedStatus(): number { return this.holding ? 201 : 200; }
  giveUp(): void { this.holding = false; }

  next(): Buffer {
    this.holding = !this.holding;
    const { account, id, tokens } = this.holding ? this.inHold : this.inSettle;
    if (this.holding) {
      this.account = this.first + this.random(this.accounts);
      this.sent += 1;
    }
    account.write(this.account);
    id.write(this.sent);
    // What is used is less than what is held, as with real answers. No leading zero: it would not be JSON.
    tokens.write(this.holding ? 1_000 + this.random(7_000) : 100 + this.random(900));
    return this.holding ? this.hold : this.settle;
  }
}

class OpenAccounts implements Talk {
  readonly expectedStatus = 201;
  private buying = false;

  constructor(private account: number, private readonly to: number, private readonly step: number) {}

  get atRest(): boolean { return !this.buying; }
  giveUp(): void { this.buying = false; }

  next(): Buffer | undefined {
    if (this.account >= this.to) return undefined;
    const id = accountIdOf(this.account);
    this.buying = !this.buying;
    if (this.buying) return request('POST', '/v1/accounts', { id, catalog: CATALOG, billing: { mode: 'prepaid' } });
    this.account += this.step;
    return request('POST', `/v1/accounts/${id}/purchases`, { id: 'first', amount: '1000000' });
  }
}

class ReadBalance implements Talk {
  readonly expectedStatus = 200;
  readonly atRest = true;
  private readonly bytes = request('GET', '/v1/accounts/a888888/balance');
  private readonly account = new Digits(this.bytes, '888888');
  private readonly random: (below: number) => number;

  constructor(connection: number, private readonly accounts: number) {
    this.random = sequence(connection * 7_919 + 17);
  }

  giveUp(): void { /* no request follows from another */ }

  next(): Buffer {
    this.account.write(this.random(this.accounts));
    return this.bytes;
  }
}

/** @param connection its number, of `connections` */
export const talkOf = (conversation: Conversation, connection: number, connections: number): Talk => {
  switch (conversation.kind) {
    case 'open-accounts': return new OpenAccounts(conversation.from + connection, conversation.to, connections);
    case 'hold-and-settle': return new HoldAndSettle(conversation.run, connection, conversation.firstAccount ?? 0, conversation.accounts);
    case 'read-balance': return new ReadBalance(connection, conversation.accounts);
    default: return assertNever(conversation);
  }
};
