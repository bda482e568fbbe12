import { jest } from '@jest/globals';
import { BillingError } from '#libs/kernel';
import { Failure } from '#libs/process';
import { startOver } from './start-over.js';

const AWAY = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

describe('a start over', () => {
  let said: string[];
  beforeEach(() => { said = []; });
  afterEach(() => { jest.restoreAllMocks(); });

  /** Fails with these, one after another, and is then done. */
  const starting = (errors: Error[], signal?: AbortSignal): Promise<string> => startOver(async () => {
    const error = errors.shift();
    if (error) throw error;
    return 'started';
  }, { say: (line) => said.push(line), signal });

  it('begins again when something it needs goes away, and says why', async () => {
    const noLog = new BillingError('unavailable', 'log_unavailable', { detail: 'The event log cannot answer right now.' });
    expect(await starting([AWAY, noLog])).toBe('started');
    expect(said).toEqual([
      'Something it needs went away during the start (read ECONNRESET); starting over…',
      'Something it needs went away during the start (The event log cannot answer right now.); starting over…',
    ]);
  });

  it('gives up in a line when that stays away for half a minute after the first failure', async () => {
    jest.spyOn(performance, 'now').mockImplementation(() => said.length * 14_900);
    await expect(starting([AWAY, AWAY, AWAY, AWAY, AWAY])).rejects.toThrow('Something it needs keeps going away during the start (read ECONNRESET).');
    expect(said).toHaveLength(3);
  });

  it.each([
    ['that waited already', new Failure('The database at db cannot be used (timeout expired); check DATABASE_URL.')],
    ['that would repeat itself', new TypeError('no such thing')],
  ])('does not begin again after a failure %s', async (_, error) => {
    await expect(starting([error])).rejects.toBe(error);
    expect(said).toEqual([]);
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const ended = starting([AWAY, AWAY], stop.signal);
    await Promise.resolve(); // it waits by now, to try again
    expect(said).toHaveLength(1);
    stop.abort();
    await expect(ended).rejects.toBe(stop.signal.reason);
    expect(said).toHaveLength(1);
  });
});
