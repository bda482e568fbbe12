import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { acquireLock } from './lock.js';
import { DataDirectoryInUse } from './start-error.js';
import { place, removePlaces } from './testing/places.js';

describe('the lock of a data directory', () => {
  let directory: string;
  const acquire = () => acquireLock(directory, './data', undefined);

  beforeEach(async () => {
    directory = path.join(await place(), 'lock');
  });
  afterEach(removePlaces);

  it('is refused while it is held, with the pid of the holder', async () => {
    const lock = await acquire();
    await expect(acquire()).rejects.toEqual(new DataDirectoryInUse('./data', `process ${process.pid}`));
    lock.release();
    (await acquire()).release();
  });

  it('is had by exactly one of many starters, again and again', async () => {
    for (let round = 0; round < 10; round += 1) {
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, acquire));
      const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(won).toHaveLength(1);
      won[0]!.value.release();
    }
    expect(await readdir(directory)).toHaveLength(2);
  });

  it('is free when its holder has died, whatever it has left behind', async () => {
    (await acquire()).release();
    // The pipe of a starter that was killed before it got a number, and a lock without a name.
    execFileSync('mkfifo', [path.join(directory, '2-1-dead'), path.join(directory, '7')]);
    (await acquire()).release();
    expect((await readdir(directory)).filter((name) => /^\d+$/.test(name))).toEqual(['8']);
  });
});
