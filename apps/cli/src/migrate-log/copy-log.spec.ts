import { InMemoryEventLog } from '../../../../libs/event-log/src/testing/in-memory.js';
import { anEvent } from '../../../../libs/event-log/src/testing/events.js';
import { copyLog } from './copy-log.js';

it('says where the log to copy to, which was this one\'s copy so far, has been written to by others', async () => {
  const [source, target] = [new InMemoryEventLog(), new InMemoryEventLog()];
  await source.append('account-a', [anEvent()], -1);
  await target.append('account-a', [anEvent()], -1);
  await expect(copyLog({ source, target, from: { position: undefined, events: 0 }, onPage: () => Promise.resolve() }))
    .rejects.toThrow('The log to copy to has other events: account-a is at revision 0, where -1 was to be. Copy into an empty one.');
});
