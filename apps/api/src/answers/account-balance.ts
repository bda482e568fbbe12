import { balanceOf, type Account, type BalanceData, type Grant } from '#libs/domain';
import { formatAmount } from '#libs/money';
import { positionToken } from '#libs/http';
import { balanceAnswer, type AccountBalanceAnswer, type Shown } from './balance.js';

export const balanceDataOf = (account: Account): BalanceData => {
  const { remaining, held, debt } = balanceOf(account);
  return { remaining: formatAmount(remaining), held: formatAmount(held), debt: formatAmount(debt) };
};

/** A grant's key names its operation and its id. */
const grantIdOf = (key: string): string => key.slice(key.indexOf('/') + 1);

const grantAnswer = ({ key, kind, amount, free, held, priority, expiresAt, createdAt }: Grant): AccountBalanceAnswer['grants'][number] => ({
  id: grantIdOf(key), kind, amount: formatAmount(amount), free: formatAmount(free), held: formatAmount(held), priority, expiresAt, createdAt,
});

/** The balance of an account that was folded from the log. */
export const balanceOfAccount = (accountId: string, account: Account, catalog: Shown): AccountBalanceAnswer => ({
  accountId, ...balanceAnswer(balanceDataOf(account), catalog), grants: account.grants.map(grantAnswer), position: positionToken(accountId, account.revision),
});
