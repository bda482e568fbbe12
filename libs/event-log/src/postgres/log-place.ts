import { openClient, logError } from './database.js';

/** What a database tells of the event log that is kept in it, without making one. */
export interface LogPlace {
  readonly hasEvents: boolean;
  /** Nothing can be appended: it is being moved, or was. */
  readonly isSealed: boolean;
  /** Ids of the logs it was moved to, and compared with, to the last event. */
  readonly movedTo: readonly string[];
}

const NOTHING: LogPlace = { hasEvents: false, isSealed: false, movedTo: [] };

export const readLogPlace = async (url: string): Promise<LogPlace> => {
  try {
    const client = await openClient(url);
    try {
      const { rows: [made] } = await client.query<{ log: boolean; moving: boolean }>("SELECT to_regclass('log.events') IS NOT NULL AS log, to_regclass('log.moving') IS NOT NULL AS moving");
      if (!made?.log) return NOTHING;
      const { rows: [found] } = await client.query<Omit<LogPlace, 'movedTo'>>(`
        SELECT EXISTS (SELECT FROM log.events) AS "hasEvents", EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'log.events'::regclass AND tgname = 'sealed') AS "isSealed"`);
      const { rows: moves } = made.moving ? await client.query<{ target: string }>('SELECT target FROM log.moving WHERE compared') : { rows: [] };
      return { ...NOTHING, ...found, movedTo: moves.map(({ target }) => target) };
    } finally {
      await client.end();
    }
  } catch (error) {
    throw logError(error);
  }
};
