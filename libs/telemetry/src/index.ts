export { Telemetry, type TelemetryParts } from './telemetry.js';
export { openTracing, type TracingOptions } from './traces/open-tracing.js';
export type { NewSpan, Span, Tracing } from './traces/tracing.js';
