import { setTimeout as delay } from 'node:timers/promises';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import { aStream, events } from '../testing/events.js';
import { Connection } from './connection.js';
import { ignored, NotLeading } from './faults.js';
import { readNewest } from './reading.js';
import { readSettings } from './settings.js';
import { Subscription } from './subscription.js';

describe('a connection is lost', () => {
  let node: ServerDouble;
  let connection: Connection;

  beforeEach(async () => {
    node = await ServerDouble.start();
    connection = await Connection.open(node.address, readSettings(node.url), true, ignored);
  });

  afterEach(async () => {
    connection.lose(new Error('the end of the test'));
    await node.stop();
  });

  it('where a read is refused because the node leads no more, whatever it has just answered', async () => {
    node.faults.answerAfterMs = 300;
    const appended = connection.appends.send(aStream(), -1, events(1));
    await delay(100);
    const refused = readNewest(connection, aStream()).catch((error: unknown) => error);
    await delay(100);
    node.faults.refusal = 'no-leader';
    expect(await appended).toMatchObject({ kind: 'appended' });
    expect(await refused).toBeInstanceOf(NotLeading);
    expect(connection.isLost).toBe(true);
  });

  it('where a subscription is refused because the node leads no more', async () => {
    node.faults.refusal = 'no-leader';
    const subscription = new Subscription(connection, ['account-'], undefined, 10);
    await expect(subscription.next(AbortSignal.timeout(10_000))).rejects.toBeInstanceOf(NotLeading);
    expect(connection.isLost).toBe(true);
  });
});
