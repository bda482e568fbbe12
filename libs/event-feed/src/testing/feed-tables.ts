import { CHECKPOINT_TABLE } from '../checkpoint.js';
import { NEWEST_EVENT } from '../newest-event.js';
import { PARTITION_TABLE } from '../partitions.js';

/** Where consumers keep how far they are, as the migrations make it. */
export const FEED_TABLES = `CREATE SCHEMA read; ${CHECKPOINT_TABLE}; ${PARTITION_TABLE}; ${NEWEST_EVENT}`;
