import { KafkaFeed, type KafkaSettings } from '#libs/event-feed';
import { PostgresEventLog } from '#libs/event-log';
import { ReadSide } from './read-side.js';

/** A process to kill or freeze: applies what a topic brings. */
const [url = '', settings = ''] = process.argv.slice(2);
const log = await PostgresEventLog.open(url);
new ReadSide(url, log, new KafkaFeed(JSON.parse(settings) as KafkaSettings, log, url)).projections.start();
