import { isSampled, traceparentOf, type SealedEvent } from '#libs/kernel';
import { RevisionConflict, StaleGuard, type AppendOptions, type Appended, type EventLog } from '#libs/event-log';
import { ForwardingLog } from '../forwarding-log.js';
import type { Span, Tracing } from './tracing.js';

/** A span for each append, in the trace of each command whose events are in it. */
export class TracedLog extends ForwardingLog {
  constructor(log: EventLog, private readonly tracing: Tracing) { super(log); }

  override async append(stream: string, events: readonly SealedEvent[], expected: number, options?: AppendOptions): Promise<Appended> {
    const spans = tracesOf(events).map((parent) => this.tracing.start({
      name: 'append', kind: 'client', parent, attributes: { 'meterbook.stream': stream, 'meterbook.events': events.length },
    }));
    if (spans.length === 0) return super.append(stream, events, expected, options);
    try {
      const appended = await super.append(stream, events, expected, options);
      for (const span of spans) {
        span.set({ 'meterbook.outcome': 'done', 'meterbook.revision': appended.revision });
        span.end();
      }
      return appended;
    } catch (error) {
      for (const span of spans) endFailed(span, error);
      throw error;
    }
  }
}

/** Commands of several traces may share an append. */
const tracesOf = (events: readonly SealedEvent[]): string[] => {
  const traces = new Set<string>();
  for (const { body } of events) {
    const traceparent = traceparentOf(body);
    if (traceparent !== undefined && isSampled(traceparent)) traces.add(traceparent);
  }
  return [...traces];
};

/** A lost race is decided again, and appended again: another span. */
const endFailed = (span: Span, error: unknown): void => {
  const isRace = error instanceof RevisionConflict || error instanceof StaleGuard;
  span.set({ 'meterbook.outcome': isRace ? 'race_lost' : 'failed' });
  span.end(isRace ? undefined : error);
};
