import { runProcess } from '#libs/engine';
import { startProjector } from './start-projector.js';

await runProcess('projector', startProjector);
