import { jest } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import type { EventLog } from '#libs/event-log';
import { Metrics, type ShownDocument } from '#libs/http';
import type { Projections } from '#libs/read-models';
import { SystemController } from './system.controller.js';

const NO_DOCUMENT: ShownDocument = { info: { title: '', version: '', description: '' }, tags: [], paths: {}, components: { schemas: {} } };

describe('whether the engine is ready', () => {
  let nowMs = 0;
  beforeEach(() => { jest.spyOn(performance, 'now').mockImplementation(() => nowMs); });
  afterEach(() => { jest.restoreAllMocks(); });

  it('is asked of the log once for all who ask at the same time, and anew a second later', async () => {
    const end = jest.fn<EventLog['end']>().mockResolvedValueOnce(undefined).mockRejectedValue(new Error('log_unavailable'));
    const projections = { recentStatus: () => Promise.resolve([]) };
    const controller = new SystemController({ end } as Partial<EventLog> as EventLog, projections as Partial<Projections> as Projections, new Metrics(), NO_DOCUMENT);
    const code = jest.fn<(status: number) => void>();
    const ready = (): Promise<unknown> => controller.ready({ code } as unknown as FastifyReply);

    await Promise.all(Array.from({ length: 100 }, ready));
    nowMs = 999;
    expect(await ready()).toMatchObject({ status: 'ok' });
    expect(end).toHaveBeenCalledTimes(1);
    expect(code).not.toHaveBeenCalled();

    nowMs = 1_000;
    expect(await ready()).toMatchObject({ status: 'unavailable', checks: [{ name: 'log', ok: false, detail: 'log_unavailable' }, { name: 'projections', ok: true }] });
    expect(code).toHaveBeenCalledWith(503);
    expect(end).toHaveBeenCalledTimes(2);
  });
});
