import { parseArgs } from 'node:util';
import { Journal } from './journal.js';
import { obey, type Order } from './orders.js';
import { ServerDouble } from './server-double.js';
import { StreamStore } from './stream-store.js';

/** A node in a process of its own, to freeze and to kill: `main.js [--port 2113] [--file journal.jsonl]`; it says its connection string. */
const { values: { port, file } } = parseArgs({ options: { port: { type: 'string', default: '0' }, file: { type: 'string' } } });
const node = await ServerDouble.start({ port: Number(port), store: new StreamStore(file === undefined ? undefined : new Journal(file)) });
process.on('message', (order) => obey(node, order as Order));
process.once('disconnect', () => { process.exit(); }); // ends with the parent that watches it, where there is one
process.stdout.write(`${node.url}\n`);
