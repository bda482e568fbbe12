import type { MigrationInterface, QueryRunner } from 'typeorm';
import { PARTITION_TABLE } from '#libs/event-feed';

/** Where the read models are in each partition of a topic, when one feeds them. */
export class FollowATopic1763769600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(PARTITION_TABLE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE read.partition; ALTER TABLE read.checkpoint DROP COLUMN consumer_group');
  }
}
