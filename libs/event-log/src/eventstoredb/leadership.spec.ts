import type { AppendOutcome } from './append-messages.js';
import type { Connection } from './connection.js';
import { proveLeadership } from './leadership.js';

/** Answers appends of nothing with these, one after another, and tells what was expected. */
const answering = (...outcomes: AppendOutcome[]) => {
  const expected: number[] = [];
  const send = (_stream: string, revision: number): Promise<AppendOutcome> => {
    expected.push(revision);
    return Promise.resolve(outcomes.shift() ?? { kind: 'refused', reason: 'Timeout', message: '' });
  };
  return { expected, connection: { appends: { send } } as unknown as Connection };
};

describe('the proof that a node leads', () => {
  it('is an append of nothing where the stream is, wherever it was believed to be', async () => {
    const { expected, connection } = answering({ kind: 'elsewhere', actual: 3 }, { kind: 'elsewhere', actual: 4 }, { kind: 'appended', revision: 4, position: undefined });
    expect(await proveLeadership(connection, 0)).toBe(4);
    expect(expected).toEqual([0, 3, 4]);
  });

  it('fails where its stream was deleted, as newer servers say it: at a revision out of reach', async () => {
    const { connection } = answering({ kind: 'elsewhere', actual: Number.MAX_SAFE_INTEGER });
    await expect(proveLeadership(connection, 0)).rejects.toThrow('stream meterbook-identity was deleted from the log');
  });

  it('may be asked for again where no majority acknowledged it', async () => {
    await expect(proveLeadership(answering().connection, 0)).rejects.toMatchObject({ name: 'Unanswered', message: 'no majority follows this node' });
  });
});
