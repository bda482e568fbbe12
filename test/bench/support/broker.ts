import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** The script that runs a real Kafka broker; not compiled, so that it is found from where `npm run` starts. */
const kafka = async (): Promise<typeof import('../../../scripts/kafka.mjs')> => import(pathToFileURL(path.resolve('scripts/kafka.mjs')).href);

export type Broker = Awaited<ReturnType<typeof startBroker>>;

/** Why no broker can be started here; undefined when one can. */
export const whyNoBroker = async (): Promise<string | undefined> => (await kafka()).whyNoKafka();

export const startBroker = async () => (await kafka()).startBroker();
