import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '#libs/kernel';
import { instantColumn } from '../database/columns.js';
import type { StoredGrant } from './projection.js';

/** What an account stands at. Amounts are decimal text, exactly as in the event they come from. */
@Entity({ schema: 'read', name: 'balance' })
export class BalanceEntity {
  @PrimaryColumn('text', { name: 'account_id', collation: 'C' }) accountId!: string;
  @Column({ type: 'text', collation: 'C' }) catalog!: string;
  @Column({ type: 'text', collation: 'C' }) unit!: string;
  @Column('smallint') scale!: number;
  @Column({ type: 'text', collation: 'C' }) mode!: string;
  @Column({ type: 'text', name: 'time_zone', collation: 'C' }) timeZone!: string;
  @Column({ type: 'timestamptz', name: 'opened_at', precision: 3, transformer: instantColumn }) openedAt!: Instant;
  @Column('integer') revision!: number;
  @Column('numeric') remaining!: string;
  @Column('numeric') held!: string;
  @Column('numeric') debt!: string;
  /** Those with anything in them, in burn order. */
  @Column('json') grants!: StoredGrant[];
  /** When the first of them with anything free ends. */
  @Index('balance_grant_due_at_idx', { where: '(grant_due_at IS NOT NULL)' })
  @Column({ type: 'timestamptz', name: 'grant_due_at', precision: 3, nullable: true, transformer: instantColumn }) grantDueAt!: Instant | null;
}

/** A grant with nothing in it, kept for what a refund may put back. */
@Entity({ schema: 'read', name: 'empty_grant' })
export class EmptyGrantEntity {
  @PrimaryColumn('text', { name: 'account_id', collation: 'C' }) accountId!: string;
  @PrimaryColumn('text', { collation: 'C' }) key!: string;
  @Column('json') state!: StoredGrant;
}
