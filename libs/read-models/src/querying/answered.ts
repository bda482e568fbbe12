import { BillingError } from '#libs/kernel';
import { isOutage } from '#libs/event-feed';

/** Runs a query; a database that cannot answer just now is unavailability, with the error as its cause. */
export const answered = async <Result>(query: () => Promise<Result>): Promise<Result> => {
  try {
    return await query();
  } catch (error) {
    if (!isOutage(error) || error instanceof BillingError) throw error;
    const unavailable = new BillingError('unavailable', 'database_unavailable', { detail: 'The database cannot be read right now.' });
    unavailable.cause = error;
    throw unavailable;
  }
};
