import { readSettings } from './settings.js';

describe('a connection string', () => {
  it('names one server, or the nodes of a cluster', () => {
    expect(readSettings('esdb://db?tls=false')).toMatchObject({ seeds: [{ address: 'db', port: 2113 }], isCluster: false, authorization: undefined, connectionName: 'meterbook' });
    expect(readSettings('esdb://a:1,b:2,c:3?tls=false')).toMatchObject({ seeds: [{ address: 'a', port: 1 }, { address: 'b', port: 2 }, { address: 'c', port: 3 }], isCluster: true });
    expect(readSettings('esdb+discover://nodes:2113?tls=false')).toMatchObject({ seeds: [{ address: 'nodes', port: 2113 }], isCluster: true });
  });

  it('may be one of KurrentDB', () => {
    expect(readSettings('kurrentdb://db:2113?tls=false')).toMatchObject({ seeds: [{ address: 'db', port: 2113 }], isCluster: false });
    expect(readSettings('kurrentdb+discover://db:2113?tls=false')).toMatchObject({ isCluster: true });
  });

  it('gives its password away over TLS only', () => {
    const basic = `Basic ${Buffer.from('admin:p@ss').toString('base64')}`;
    expect(readSettings('esdb://admin:p%40ss@db:2113').authorization).toBe(basic);
    expect(readSettings('esdb://admin:p%40ss@db:2113?tls=false').authorization).toBeUndefined();
  });

  it('may set how soon a frozen server is given up', () => {
    expect(readSettings('esdb://db?tls=false&keepAliveInterval=1000&keepAliveTimeout=500')).toMatchObject({ keepAliveIntervalMs: 1_000, keepAliveTimeoutMs: 500 });
    expect(readSettings('esdb://db?tls=false')).toMatchObject({ keepAliveIntervalMs: 4_000, keepAliveTimeoutMs: 4_000 });
  });

  it('that is none is refused without repeating it', () => {
    for (const url of ['postgres://admin:hunter2@db', 'esdb://admin:hunter2@db:port', 'esdb:/', '']) {
      expect(() => readSettings(url)).toThrow(/^not a connection string of EventStoreDB, such as esdb:/);
      expect(() => readSettings(url)).not.toThrow(/hunter2/);
    }
  });
});
