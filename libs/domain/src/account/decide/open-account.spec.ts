import { dollars, START, wholeCredits } from '../testing/catalogs.js';
import { buy, openAccount, wake } from '../testing/commands.js';
import { event, specFor } from '../testing/given.js';
import { Journal } from '../testing/journal.js';

describe('opening an account', () => {
  it('takes unit and scale from its catalog, for ever', () => {
    const { facts, outcome } = new Journal(wholeCredits).send(openAccount, START);
    expect(facts).toEqual([{ type: 'AccountOpened', recordedAt: START, data: expect.objectContaining({ catalog: 'whole', unit: 'credit', scale: 0, mode: 'prepaid', timeZone: 'UTC' }) }]);
    expect(outcome).toMatchObject({ answer: { repeated: false, revision: 0, balance: { remaining: '0', held: '0', debt: '0' }, terms: { unit: 'credit', openedAt: START } } });
  });

  it('again with the same content changes nothing', () => {
    specFor(dollars)(buy('b', '9')).when(openAccount).thenRecordsNothing().thenAnswers({ repeated: true, balance: { remaining: '9', held: '0', debt: '0' } });
  });

  it('again with other content is an idempotency conflict', () => {
    specFor(dollars)().when({ ...openAccount, timeZone: 'Europe/Berlin' }).thenRejects('idempotency_conflict').thenRecordsNothing();
    const journal = new Journal(dollars);
    journal.send(openAccount, START);
    const elsewhere = new Journal(wholeCredits).decide(openAccount, START, journal.account);
    expect(elsewhere.outcome).toMatchObject({ refusal: { code: 'idempotency_conflict' } });
  });

  it('comes first: every other command of an account that is not open is refused', () => {
    for (const command of [buy('b', '9'), wake]) expect(new Journal(dollars).send(command, START)).toMatchObject({ facts: [], outcome: { refusal: { code: 'not_found' } } });
  });

  it('records nothing else', () => {
    specFor(dollars)().when(buy('b', '9')).thenRecords(event('CreditsPurchased'));
  });
});
