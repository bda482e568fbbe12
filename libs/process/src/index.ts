export { ExitCode, Failure } from './failure.js';
export { interruptible, untilAborted } from './interrupt.js';
export { packageRoot, packageVersion } from './package-root.js';
export { report } from './report.js';
