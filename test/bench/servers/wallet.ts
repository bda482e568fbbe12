import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, HttpException, Module, Param, Post } from '@nestjs/common';
import { Pool, type PoolClient } from 'pg';
import { accountIdOf } from '../load/conversations.js';
import { answerParent } from '../support/child.js';
import { listenWithNest } from './nest.js';
import { bodiesOf, type BodySizes } from './rows.js';
import type { HoldBody, SettleBody } from './wire.js';

/** The entries have the columns and indexes of `log.events`, but for the position, which a sequence gives. */
const TABLES = `
  CREATE TABLE wallets (account text COLLATE "C" PRIMARY KEY, balance numeric NOT NULL, held numeric NOT NULL, entries bigint NOT NULL);
  CREATE TABLE entries (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    revision bigint NOT NULL CHECK (revision >= 0),
    id uuid NOT NULL,
    account text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    UNIQUE (account, revision)
  )`;

/** What a hold takes and what settling it costs: fixed, so that no time goes into prices here. */
const HELD = '0.102384';
const COST = '0.037665';

interface WalletRow { readonly balance: string; readonly held: string; readonly entries: string }

/** The usual wallet: a row for each account, locked for each request. */
class Wallets {
  constructor(private readonly pool: Pool, private readonly bodies: { hold: string; settle: string }) {}

  async prepare(accounts: number): Promise<void> {
    await this.pool.query(TABLES);
    await this.pool.query("INSERT INTO wallets SELECT account, 1000000, 0, 0 FROM unnest($1::text[]) AS a (account)", [Array.from({ length: accounts }, (_, number) => accountIdOf(number))]);
  }

  hold(account: string): Promise<string> {
    return this.change(account, 'HoldPlaced', this.bodies.hold, { spent: '0', held: HELD });
  }

  settle(account: string): Promise<string> {
    return this.change(account, 'UsageSettled', this.bodies.settle, { spent: COST, held: `-${HELD}` });
  }

  private async change(account: string, type: string, body: string, { spent, held }: { spent: string; held: string }): Promise<string> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const wallet = await lock(client, account);
      if (Number(wallet.balance) - Number(wallet.held) < Number(held)) throw new HttpException('insufficient credits', 402);
      const { rows } = await client.query<{ balance: string }>({
        name: 'update', text: 'UPDATE wallets SET balance = balance - $2, held = held + $3, entries = entries + 1 WHERE account = $1 RETURNING balance', values: [account, spent, held],
      });
      await client.query({
        name: 'insert', text: 'INSERT INTO entries (revision, id, account, type, body) VALUES ($1, $2, $3, $4, $5)', values: [wallet.entries, randomUUID(), account, type, body],
      });
      await client.query('COMMIT');
      return rows[0]!.balance;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }
}

const lock = async (client: PoolClient, account: string): Promise<WalletRow> => {
  const { rows: [wallet] } = await client.query<WalletRow>({
    name: 'lock', text: 'SELECT balance, held, entries FROM wallets WHERE account = $1 FOR UPDATE', values: [account],
  });
  if (!wallet) throw new HttpException('no such account', 404);
  return wallet;
};

@Controller('v1')
class WalletController {
  constructor(private readonly wallets: Wallets) {}

  @Post('holds')
  async hold(@Body() { id, accountId }: HoldBody): Promise<object> {
    return { id, accountId, balance: await this.wallets.hold(accountId) };
  }

  @Post('accounts/:accountId/holds/:id/settle')
  @HttpCode(200)
  async settle(@Param('accountId') accountId: string, @Param('id') id: string, @Body() _body: SettleBody): Promise<object> {
    return { id, accountId, balance: await this.wallets.settle(accountId) };
  }
}

@Module({})
class WalletModule {}

const start = async ({ url, sizes, accounts, connections }: { url: string; sizes: BodySizes; accounts: number; connections: number }): Promise<number> => {
  const wallets = new Wallets(new Pool({ connectionString: url, max: connections }), bodiesOf(sizes));
  await wallets.prepare(accounts);
  return listenWithNest({ module: WalletModule, controllers: [WalletController], providers: [{ provide: Wallets, useValue: wallets }] });
};

answerParent({ start });
