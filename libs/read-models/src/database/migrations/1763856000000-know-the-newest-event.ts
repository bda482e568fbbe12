import type { MigrationInterface, QueryRunner } from 'typeorm';
import { NEWEST_EVENT } from '#libs/event-feed';

/** A position alone does not tell whether the log still has the event that was applied there. */
export class KnowTheNewestEvent1763856000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(NEWEST_EVENT);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE read.checkpoint DROP COLUMN newest_event; ALTER TABLE read.partition DROP COLUMN newest_event');
  }
}
