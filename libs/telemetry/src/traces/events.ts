import { isSampled, traceparentOf } from '#libs/kernel';
import type { RecordedEvent } from '#libs/event-log';
import type { RelayOptions } from '#libs/relay';
import type { FeedWatcher } from '../watched-feed.js';
import type { NewSpan, Tracing } from './tracing.js';

/** A span for each event that takes effect in read models, in the trace of its command: from the start of its batch to the commit. */
export const traceProjection = (tracing: Tracing): FeedWatcher => ({
  applied: (consumer, events, startedAt) => recordEach(tracing, events, {
    name: `project ${consumer}`, kind: 'consumer', startedAt, attributes: { 'meterbook.consumer': consumer, 'meterbook.events': events.length },
  }),
});

/** A span for each event that is brought to the topic: from the send to the acknowledgement of all copies. */
export const traceRelay = (tracing: Tracing, topic: string): NonNullable<RelayOptions['onSent']> => (events, startedAt) => recordEach(tracing, events, {
  name: `send ${topic}`, kind: 'producer', startedAt,
  attributes: { 'messaging.system': 'kafka', 'messaging.operation.type': 'send', 'messaging.destination.name': topic, 'meterbook.events': events.length },
});

const recordEach = (tracing: Tracing, events: readonly RecordedEvent[], span: Omit<NewSpan, 'parent'>): void => {
  for (const { body, stream, revision, type } of events) {
    const parent = traceparentOf(body);
    if (parent === undefined || !isSampled(parent)) continue;
    tracing.start({
      ...span, parent, attributes: { ...span.attributes, 'meterbook.stream': stream, 'meterbook.revision': revision, 'meterbook.event': type },
    }).end();
  }
};
