import { jest } from '@jest/globals';
import { credentials } from '@grpc/grpc-js';
import { readSettings } from './settings.js';

describe('a connection string', () => {
  it('names one server, or the nodes of a cluster', () => {
    expect(readSettings('esdb://db?tls=false')).toMatchObject({ seeds: [{ address: 'db', port: 2113 }], isCluster: false, authorization: undefined, connectionName: 'meterbook' });
    expect(readSettings('esdb://a:1,b:2,c:3?tls=false')).toMatchObject({ seeds: [{ address: 'a', port: 1 }, { address: 'b', port: 2 }, { address: 'c', port: 3 }], isCluster: true });
    expect(readSettings('esdb+discover://nodes:2113?tls=false')).toMatchObject({ seeds: [{ address: 'nodes', port: 2113 }], isCluster: true });
  });

  it.each(['kurrentdb', 'kurrent', 'kdb'])('may be one of KurrentDB: %s://', (scheme) => {
    expect(readSettings(`${scheme}://db:2113?tls=false`)).toMatchObject({ seeds: [{ address: 'db', port: 2113 }], isCluster: false });
    expect(readSettings(`${scheme}+discover://db:2113?tls=false`)).toMatchObject({ isCluster: true });
  });

  it('gives its password away over TLS only', () => {
    const basic = `Basic ${Buffer.from('admin:p@ss').toString('base64')}`;
    expect(readSettings('esdb://admin:p%40ss@db:2113').authorization).toBe(basic);
    expect(readSettings('esdb://admin:p%40ss@db:2113?tls=false').authorization).toBeUndefined();
    expect(readSettings('esdb://me@corp.example:a@db:2113').authorization).toBe(`Basic ${Buffer.from('me@corp.example:a').toString('base64')}`);
    expect(readSettings('esdb://admin:a:b@db:2113').authorization).toBe(`Basic ${Buffer.from('admin:a:b').toString('base64')}`);
  });

  it('has its password in no warning of the library, which repeats the string', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    readSettings('esdb://admin:hunter2@db:2113?noSuchThing=1');
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('noSuchThing'));
    expect(JSON.stringify(warn.mock.calls)).not.toContain('hunter2');
    warn.mockRestore();
  });

  it.each([
    ['esdb://db', true], ['esdb://db?tlsVerifyCert=true', true], ['esdb://db?tlsVerifyCert=false', false],
    ['esdb://db?tls_verify_cert=false&keepAliveInterval=1', false], ['esdb://db?keepAliveInterval=1&tlsVerifyCert=false', false],
    ['esdb://db?tls=true&tlsVerifyCert=false&keepAliveInterval=1', false],
  ])('%s: a certificate has to be vouched for: %s', (url, verifies) => {
    const warn = jest.spyOn(console, 'warn');
    const createSsl = jest.spyOn(credentials, 'createSsl');
    const { seeds, keepAliveIntervalMs } = readSettings(url);
    expect({ seeds, keepAliveIntervalMs }).toEqual({ seeds: [{ address: 'db', port: 2113 }], keepAliveIntervalMs: url.includes('keepAlive') ? 1 : 4_000 });
    expect(createSsl).toHaveBeenCalledWith(null, null, null, { rejectUnauthorized: verifies });
    expect(warn).not.toHaveBeenCalled();
    jest.restoreAllMocks();
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
