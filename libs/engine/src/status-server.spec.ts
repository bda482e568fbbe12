import { Metrics } from '#libs/http';
import { StatusServer } from './status-server.js';

describe('health and metrics of a process', () => {
  let server: StatusServer;
  const metrics = new Metrics();
  beforeAll(() => { server = new StatusServer({ host: '127.0.0.1', port: 0, metrics, checks: () => Promise.reject(new Error('nobody knows')) }); });
  afterAll(() => server.close());

  it('say 500 and why where they cannot be told, and go on', async () => {
    const url = await server.listen();
    const ask = async (path: string) => { const answer = await fetch(url + path, { signal: AbortSignal.timeout(2_000) }); return [answer.status, await answer.text()]; };
    const tell = metrics.registry.metrics.bind(metrics.registry);
    metrics.registry.metrics = () => Promise.reject(new Error('no figures'));
    expect(await ask('/metrics')).toEqual([500, expect.stringContaining('no figures')]);
    expect(await ask('/health/ready')).toEqual([500, expect.stringContaining('nobody knows')]);
    metrics.registry.metrics = tell;
    expect(await ask('/metrics')).toEqual([200, expect.stringContaining('process_resident_memory_bytes')]);
  });
});
