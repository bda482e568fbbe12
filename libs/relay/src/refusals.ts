import type { RecordedEvent } from '#libs/event-log';

/** What stops a relay until somebody has done something; each says what. It looks again every minute. Nothing after it is sent, and nothing is passed over. */
export class RelayRefusal extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

const where = ({ stream, revision, position }: RecordedEvent): string => `revision ${revision} of ${stream} (position ${position} of the log)`;

/** An event that the topic does not take. */
export class OversizedEvent extends RelayRefusal {
  constructor(readonly event: RecordedEvent, readonly bytes: number, topic: string, takes: number) {
    super(`${where(event)} is ${bytes} bytes as a message, and the topic ${topic} takes ${takes}: raise max.message.bytes of the topic above ${bytes}; the relay looks every minute, and then goes on`);
  }
}

/** An event that no consumer could read: in a topic it would stay for good. */
export class UnreadableEvent extends RelayRefusal {
  constructor(readonly event: RecordedEvent, cause: unknown) {
    super(`${where(event)} has a body that is not JSON of an object: something else than Meterbook wrote it, or the log is damaged; find out with \`meterbook verify\`, mend the log; the relay looks every minute, and then goes on`, { cause });
  }
}

/** The topic has the events of another log. */
export class ForeignTopic extends RelayRefusal {
  constructor(topic: string, readonly found: string, readonly log: string) {
    super(`the topic ${topic} has the events of log ${found}, and this log is ${log}: set KAFKA_TOPIC to a new topic for a log that was restored or moved, and rebuild the read models from it`);
  }
}

/** The log went back in time: the topic has events that it lost. */
export class LogRewound extends RelayRefusal {
  constructor(topic: string, difference: string) {
    super(`the topic ${topic} has events that the log does not have: ${difference}; the log was restored from an older copy, or failed over to a replica that lagged. With all processes stopped, give it a new identity with \`meterbook new-log-identity\`, set KAFKA_TOPIC to a new topic, start again, and rebuild the read models (docs/operations/backup.md)`);
  }
}

/** The events of one account would be in two partitions, and their order lost. */
export class TopicRepartitioned extends RelayRefusal {
  constructor(topic: string, readonly before: number, readonly now: number) {
    super(`the topic ${topic} had ${before} partitions when its first event was sent, and now has ${now}: an account's events keep their order within one partition only; set KAFKA_TOPIC to a new topic that has the partitions you want, and rebuild the read models`);
  }
}
