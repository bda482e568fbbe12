import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { administer } from './kafka-client.js';
import type { KafkaSettings } from './kafka-settings.js';

/** What a topic that we make takes in one record batch: well above the largest append of any event log (1 MB), and its headers. */
const LARGEST_BATCH = 8 * 1024 * 1024;
const LARGEST_BATCH_SETTING = 'max.message.bytes';

export interface Topic {
  readonly name: string;
  /** Of the cluster: a topic of the same name in another is another. */
  readonly cluster: string;
  readonly partitions: number;
  /** Bytes that one record batch may have. An event that is larger cannot be sent. */
  readonly largestBatch: number;
  /** Nothing was ever sent to it: it is new, or somebody has made it anew. */
  readonly isUntouched: boolean;
}

/**
 * The topic of these settings, made where it does not exist. Of one that exists partitions and settings are taken as they
 * are, since whoever made it may have had reasons.
 */
export const openTopic = (kafka: Kafka, settings: KafkaSettings): Promise<Topic> => administer(kafka, async (admin) => {
  const { clusterId } = await admin.describeCluster();
  const known = await admin.listTopics();
  if (!known.includes(settings.topic)) await makeTopic(admin, settings);
  const ends = await admin.fetchTopicOffsets(settings.topic);
  return {
    name: settings.topic, cluster: clusterId, partitions: ends.length, largestBatch: await largestBatch(admin, settings.topic),
    isUntouched: ends.every(({ high }) => high === '0'),
  };
});

/** Where another process makes it at the same moment, that one's is taken. */
const makeTopic = async (admin: Admin, { topic, partitions, replication }: KafkaSettings): Promise<void> => {
  await admin.createTopics({
    topics: [{
      topic, numPartitions: partitions, replicationFactor: replication,
      configEntries: [
        { name: LARGEST_BATCH_SETTING, value: String(LARGEST_BATCH) },
        // An event is never replaced by a later one of its stream, whatever the cluster does by default.
        { name: 'cleanup.policy', value: 'delete' },
        // What is acknowledged is in two places where there are three: the loss of one loses nothing.
        { name: 'min.insync.replicas', value: replication > 2 ? '2' : '1' },
      ],
    }],
  });
};

const largestBatch = async (admin: Admin, topic: string): Promise<number> => {
  const { resources: [described] } = await admin.describeConfigs({
    includeSynonyms: false, resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [LARGEST_BATCH_SETTING] }],
  });
  return Number(described?.configEntries[0]?.configValue);
};
