import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from, to } from 'pg-copy-streams';
import { readModelNames } from '#libs/read-models';
import { closeSession, inTransaction, openSession } from '#libs/event-feed';
import { dropCopy, makeCopy, NEXT } from '../../../libs/read-models/src/rebuild/copy-tables.js';
import { answerParent } from '../support/child.js';
import { READ_TABLES } from '../support/read-models.js';

/** S5's floor: the rows of the read models, written into tables like theirs, with the same indexes, by nothing but COPY. */

interface Where { readonly url: string; readonly directory: string }

const AT_ONCE = 1024 * 1024;

const withSession = async <Result>({ url }: Where, use: (session: ClientBase) => Promise<Result>): Promise<Result> => {
  const session = await openSession(url, 'copy');
  try {
    return await use(session);
  } finally {
    await closeSession(session);
  }
};

/** Keeps the rows of the read models in files. @returns how many */
const dump = (where: Where): Promise<number> => withSession(where, async (session) => {
  let rows = 0;
  for (const table of READ_TABLES) {
    const copy = session.query(to(`COPY read.${table} TO STDOUT`));
    await pipeline(copy, createWriteStream(path.join(where.directory, table)));
    rows += copy.rowCount;
  }
  return rows;
});

/** @returns the seconds that it took to write what was kept */
const load = (where: Where): Promise<number> => withSession(where, async (session) => {
  await makeCopy(session, readModelNames); // committed: COPY into a table of its own transaction would write less
  const begun = performance.now();
  await inTransaction(session, async () => {
    for (const table of READ_TABLES) {
      await pipeline(createReadStream(path.join(where.directory, table), { highWaterMark: AT_ONCE }), session.query(from(`COPY ${NEXT}.${table} FROM STDIN`)));
    }
  });
  const seconds = (performance.now() - begun) / 1_000;
  await dropCopy(session);
  return seconds;
});

answerParent({ dump, load });
