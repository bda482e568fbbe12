import type { EventStoreLog, LogPlace } from '#libs/event-log';
import { Failure } from '#libs/process';

/** @throws Failure where PostgreSQL has a log that this one does not have the events of: books would begin empty beside full ones */
export const refuseOtherBooks = ({ hasEvents, isSealed, movedTo }: LogPlace, { lineage }: Pick<EventStoreLog, 'lineage'>): void => {
  if (!hasEvents || (isSealed && lineage.some((id) => movedTo.includes(id)))) return; // it may have been restored since it was moved here
  throw new Failure(`The events in PostgreSQL have not all been moved to the EventStoreDB of EVENTSTOREDB_URL, where the books would begin anew: ${isSealed ? 'finish' : 'move them with'} meterbook migrate-log --to, or use another database.`);
};

/** @throws Failure where the log has been moved, or is just being moved */
export const refuseSealed = ({ isSealed, movedTo }: LogPlace): void => {
  if (!isSealed) return;
  throw new Failure(`The event log in PostgreSQL is sealed, since it ${movedTo.length > 0 ? 'was' : 'is being'} moved to another place by meterbook migrate-log: set ${movedTo.length > 0 ? '' : 'then '}EVENT_LOG, EVENTSTOREDB_URL or DATABASE_URL to the new one. (meterbook migrate-log --unseal calls the move off.)`);
};
