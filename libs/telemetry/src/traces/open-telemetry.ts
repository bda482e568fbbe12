import { setTimeout as delay } from 'node:timers/promises';
import { diag, DiagLogLevel, isSpanContextValid, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span as SdkSpan, type SpanContext, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { isTraceparent } from '#libs/kernel';
import type { TracingOptions } from './open-tracing.js';
import type { Attributes, NewSpan, Span, Tracing } from './tracing.js';
import { wallClock } from './wall-clock.js';

const KINDS = {
  server: SpanKind.SERVER, internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER,
} as const;

/** A collector that does not answer keeps no process from ending. */
const GOODBYE_MS = 3_000;
/** What goes wrong, such as a collector that is away, is told of once in a while, not for each batch it does not take. */
const COMPLAIN_EVERY_MS = 60_000;

/**
 * Spans by OpenTelemetry's SDK. Everything its variables set counts: OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES,
 * OTEL_EXPORTER_OTLP_HEADERS, OTEL_BSP_… Finished spans wait in a bounded queue; what it has no room for is dropped.
 */
export class OpenTelemetry implements Tracing {
  private readonly provider: BasicTracerProvider;
  private readonly tracer: Tracer;

  constructor({ tracesTo, serviceName, version, log }: TracingOptions & { readonly tracesTo: string }) {
    complainTo(log);
    const resource = defaultResource()
      .merge(resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] }));
    this.provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: tracesTo }))] });
    this.tracer = this.provider.getTracer('meterbook', version);
  }

  start({ name, kind, parent, attributes, startedAt = performance.now() }: NewSpan): Span {
    const span = this.tracer.startSpan(name, { kind: KINDS[kind], startTime: wallClock(startedAt), ...(attributes && { attributes: said(attributes) }) }, contextOf(parent));
    return new StartedSpan(span);
  }

  async stop(): Promise<void> {
    const stopped = this.provider.shutdown().catch(() => undefined); // told by diag
    await Promise.race([stopped, delay(GOODBYE_MS, undefined, { ref: false })]);
  }
}

class StartedSpan implements Span {
  readonly traceparent: string;

  constructor(private readonly span: SdkSpan) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  set(attributes: Attributes): void {
    this.span.setAttributes(said(attributes));
  }

  end(failure?: unknown): void {
    if (failure !== undefined) this.span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(failure) });
    this.span.end(wallClock(performance.now()));
  }
}

const messageOf = (failure: unknown): string => (failure instanceof Error ? failure.message : typeof failure === 'string' ? failure : 'failed');

const said = (attributes: Attributes): Record<string, string | number | boolean> =>
  Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined));

const contextOf = (parent: string | undefined): Context => {
  const spanContext = isTraceparent(parent) ? spanContextOf(parent) : undefined;
  return spanContext && isSpanContextValid(spanContext) ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT;
};

const spanContextOf = (traceparent: string): SpanContext => {
  const [, traceId, spanId, flags] = traceparent.split('-') as [string, string, string, string];
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
};

/** What the SDK cannot do, such as to reach the collector, is an operator's matter, never a caller's. */
const complainTo = (log: Logger): void => {
  let quietUntil = 0;
  const complain = (message: string): void => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + COMPLAIN_EVERY_MS;
    log.warn({ detail: message }, 'traces are missing');
  };
  const ignore = (): void => undefined;
  diag.setLogger({ error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore }, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
};
