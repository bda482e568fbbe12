import { Node } from '../../../../test/support/eventstoredb/node.js';
import { eventLogContract } from '../testing/event-log.contract.js';
import { EventStoreLog } from './event-store-log.js';

eventLogContract('the event log in EventStoreDB (double)', async () => {
  const node = await Node.start();
  return { connect: () => EventStoreLog.open(node.url), remove: () => node.stop() };
});
