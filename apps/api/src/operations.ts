import type { Operation } from '#libs/http';
import { listAccounts, openAccount, readAccount } from './accounts/accounts.operations.js';
import { listAccountEvents, listEvents } from './audit/audit.operations.js';
import {
  estimate, importCatalog, listCatalogs, listPacks, listRateCards, publishRateCard, readCatalog, readPricing, readRateCard,
} from './catalogs/catalogs.operations.js';
import { buyCredit, giveCredit, refund } from './credit/credit.operations.js';
import { chargeUsage, increaseHold, listHolds, placeHold, readHold, releaseHold, settleHold } from './holds/holds.operations.js';
import { listProjections, rebuildProjection } from './projections/projections.operations.js';
import { listTransactions, listUsage, readBalance, readLimits } from './reading/reading.operations.js';
import { live, readDocs, readDocument, readMetrics, readProblem, ready } from './system/system.operations.js';
import { reportUsage } from './usage/usage.operations.js';

/** Every path of the API, in the order the document shows them. */
export const OPERATIONS: readonly Operation[] = [
  openAccount, listAccounts, readAccount,
  buyCredit, giveCredit, refund,
  placeHold, listHolds, readHold, settleHold, releaseHold, increaseHold, chargeUsage,
  reportUsage, listUsage,
  readBalance, listTransactions, readLimits,
  estimate, importCatalog, listCatalogs, readCatalog, readPricing, listPacks, publishRateCard, listRateCards, readRateCard,
  listAccountEvents, listEvents,
  listProjections, rebuildProjection,
  live, ready, readMetrics, readDocument, readDocs, readProblem,
];
