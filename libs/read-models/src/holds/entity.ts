import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '#libs/kernel';
import { instantColumn } from '../database/columns.js';

/** A hold that is open. */
@Entity({ schema: 'read', name: 'open_hold' })
@Index('open_hold_account_id_expires_at_idx', ['accountId', 'expiresAt'])
export class OpenHoldEntity {
  @PrimaryColumn('text', { name: 'account_id', collation: 'C' }) accountId!: string;
  @PrimaryColumn('text', { name: 'hold_id', collation: 'C' }) holdId!: string;
  @Column({ type: 'timestamptz', name: 'placed_at', precision: 3, transformer: instantColumn }) placedAt!: Instant;
  @Index('open_hold_expires_at_idx')
  @Column({ type: 'timestamptz', name: 'expires_at', precision: 3, transformer: instantColumn }) expiresAt!: Instant;
  @Column('numeric') amount!: string;
  @Column('numeric') held!: string;
  @Column('numeric') charged!: string;
  @Column({ type: 'text', nullable: true }) model!: string | null;
}
