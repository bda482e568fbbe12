import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '#libs/kernel';
import { cardOf, noPast, priceUsage, transition, type PlaceHold } from '#libs/domain';
import { Accounts, Catalogs, CLOCK } from '#libs/commands';
import { positionToken } from '#libs/http';
import { balanceDataOf } from '../answers/account-balance.js';
import { balanceAnswer } from '../answers/balance.js';

/** Decides a hold against the account as it is, and drops the decision. */
@Injectable()
export class DryRuns {
  constructor(private readonly accounts: Accounts, private readonly catalogs: Catalogs, @Inject(CLOCK) private readonly clock: Clock) {}

  /** @throws whatever would refuse the hold, except for its id, which is not looked up */
  async hold(accountId: string, command: PlaceHold) {
    const account = await this.accounts.current(accountId);
    const catalog = await this.catalogs.get(account.terms?.catalog ?? '');
    // No id is empty, so the account has no hold under this one.
    const { facts, outcome } = transition(account, { ...command, holdId: '' }, { now: this.clock(), catalog, past: noPast });
    if ('refusal' in outcome) throw outcome.refusal;
    const placed = facts.find((fact) => fact.type === 'HoldPlaced');
    if (!placed) throw new TypeError('a hold that is not refused is placed');
    const { amount, request, pin: { version }, expiresAt } = placed.data;
    return {
      dryRun: true, accountId, costEstimate: amount, unit: catalog.unit,
      ...(request && { breakdown: priceUsage(cardOf(catalog, version), request).breakdown, rateCard: { catalog: catalog.name, version } }),
      expiresAt, balance: balanceAnswer(balanceDataOf(account), catalog), position: positionToken(accountId, account.revision),
    };
  }
}
