import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '#libs/kernel';
import { instantColumn } from '../database/columns.js';
import type { Usage, UsageOutcome } from './projection.js';

/** See {@link Usage}. The key is the order in which it is read, and makes a row unique as well: an event has one instant. */
@Entity({ schema: 'read', name: 'usage_log' })
export class UsageEntity {
  @PrimaryColumn('text', { name: 'account_id', collation: 'C' }) accountId!: string;
  @PrimaryColumn('timestamptz', { precision: 3, transformer: instantColumn }) at!: Instant;
  @PrimaryColumn('integer') revision!: number;
  @Column({ type: 'timestamptz', name: 'recorded_at', precision: 3, transformer: instantColumn }) recordedAt!: Instant;
  @Column({ type: 'text', collation: 'C' }) id!: string;
  @Column({ type: 'text', collation: 'C' }) via!: Usage['via'];
  @Column({ type: 'text', nullable: true }) source!: string | null;
  @Column({ type: 'text', collation: 'C' }) outcome!: UsageOutcome;
  @Column('boolean') late!: boolean;
  @Column({ type: 'text', nullable: true }) model!: string | null;
  @Column({ type: 'text', nullable: true }) group!: string | null;
  @Column({ type: 'integer', nullable: true }) status!: number | null;
  @Column({ type: 'double precision', name: 'latency_ms', nullable: true }) latencyMs!: number | null;
  @Column({ type: 'text', name: 'key_id', nullable: true }) keyId!: string | null;
  @Column({ type: 'json', nullable: true }) usage!: Record<string, string> | null;
  @Column({ type: 'json', nullable: true }) parameters!: Record<string, string> | null;
  @Column('numeric') cost!: string;
  @Column({ type: 'numeric', nullable: true }) uncharged!: string | null;
  @Column({ type: 'text', collation: 'C', nullable: true }) catalog!: string | null;
  @Column({ type: 'integer', name: 'rate_card', nullable: true }) rateCard!: number | null;
  @Column({ type: 'numeric', nullable: true }) exact!: string | null;
  @Column({ type: 'json', nullable: true }) breakdown!: NonNullable<Usage['price']>['breakdown'] | null;
  @Column({ type: 'json', nullable: true }) facts!: NonNullable<Usage['facts']> | null;
}
