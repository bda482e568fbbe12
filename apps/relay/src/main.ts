import { runProcess } from '#libs/engine';
import { startRelay } from './start-relay.js';

await runProcess('relay', startRelay);
