import { Metadata, status as Code } from '@grpc/grpc-js';
import { callFault } from './faults.js';

describe('a node that does not lead', () => {
  it.each([['10.0.0.7', '10.0.0.7'], ['node-2.internal', 'node-2.internal'], ['fd00::7', '[fd00::7]']])('and names %s, is left for %s', (host, address) => {
    const metadata = new Metadata();
    metadata.set('exception', 'not-leader');
    metadata.set('leader-endpoint-host', host);
    metadata.set('leader-endpoint-port', '2113');
    const refusal = Object.assign(new Error('Leader info available'), { code: Code.NOT_FOUND, details: 'Leader info available', metadata });
    expect(callFault(refusal)).toMatchObject({ name: 'NotLeading', leader: { address, port: 2113 } });
  });
});
