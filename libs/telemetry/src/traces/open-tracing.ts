import type { Logger } from 'pino';
import type { Tracing } from './tracing.js';

export interface TracingOptions {
  /** The collector's path for traces, OTLP over HTTP; undefined: no traces. */
  readonly tracesTo: string | undefined;
  /** Of the process, unless OTEL_SERVICE_NAME has another. */
  readonly serviceName: string;
  readonly version: string;
  readonly log: Logger;
}

/** Starts to trace where somebody wants it; the SDK is not even loaded otherwise. */
export const openTracing = async ({ tracesTo, ...options }: TracingOptions): Promise<Tracing | undefined> => {
  if (tracesTo === undefined) return undefined;
  const { OpenTelemetry } = await import('./open-telemetry.js');
  return new OpenTelemetry({ tracesTo, ...options });
};
