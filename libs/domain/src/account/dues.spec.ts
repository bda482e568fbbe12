import { addMs } from '#libs/kernel';
import { nextDue } from './dues.js';
import { loadAccount, saveAccount } from './snapshot.js';
import { dollars, START } from './testing/catalogs.js';
import { buy, grant, hold, increase, openAccount, release, wake } from './testing/commands.js';
import { at } from './testing/given.js';
import { Journal } from './testing/journal.js';
import { plain } from './testing/plain.js';

const journalOf = (): Journal => {
  const journal = new Journal(dollars);
  for (const command of [openAccount, buy('b', '9')]) journal.send(command, START);
  return journal;
};

describe('the ends to come', () => {
  it('are found soonest first, whatever closed or was prolonged meanwhile', () => {
    const journal = journalOf();
    for (const command of [hold('a', '1', { ttlSeconds: 100 }), hold('b', '1', { ttlSeconds: 200 }), grant('g', '1', { expiresAt: at(300) })]) journal.send(command, START);
    expect(nextDue(journal.account)).toEqual({ at: at(100), kind: 'hold', id: 'a' });
    journal.send(increase('a', undefined, 400), START);
    expect(nextDue(journal.account)).toEqual({ at: at(200), kind: 'hold', id: 'b' });
    journal.send(release('b'), START);
    expect(nextDue(journal.account)).toEqual({ at: at(300), kind: 'grant', id: 'grant/g' });
    journal.send(wake, at(300));
    expect(nextDue(journal.account)).toEqual({ at: at(400), kind: 'hold', id: 'a' });
  });

  it('do not pile up under a hold that stays open while others come and go', () => {
    const journal = journalOf();
    journal.send(hold('stuck', '1'), START);
    for (let n = 0; n < 500; n += 1) {
      const now = addMs(START, n);
      journal.send(hold(`h${n}`, '1'), now);
      journal.send(release(`h${n}`), now);
    }
    expect(journal.account.dues?.size).toBeLessThan(80);
    expect(nextDue(journal.account)).toMatchObject({ id: 'stuck' });
  });

  it('survive a snapshot between two of one instant', () => {
    const journal = journalOf();
    for (const id of ['x', 'y']) journal.send(grant(id, '1', { expiresAt: at(100) }), START);
    journal.send(wake, at(100));
    const [first, second] = journal.facts.slice(-2);
    const between = loadAccount(saveAccount(journal.foldTo(first?.revision ?? 0)));
    expect(nextDue(between)).toEqual({ at: at(100), kind: 'grant', id: 'grant/y' });
    expect(second).toMatchObject({ type: 'PackExpired', data: { grant: 'grant/y' } });
    expect(plain(journal.decide(wake, at(100), between).account)).toEqual(plain(journal.account));
  });
});
