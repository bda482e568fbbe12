import { runProcess } from '#libs/engine';
import { startScheduler } from './start-scheduler.js';

await runProcess('scheduler', startScheduler);
