import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '#libs/kernel';
import { instantColumn } from '../database/columns.js';
import type { TransactionType } from './projection.js';

/** See {@link Transaction}. */
@Entity({ schema: 'read', name: 'transactions' })
export class TransactionEntity {
  @PrimaryColumn('text', { name: 'account_id', collation: 'C' }) accountId!: string;
  @PrimaryColumn('integer') revision!: number;
  @Column({ type: 'timestamptz', precision: 3, transformer: instantColumn }) at!: Instant;
  @Column({ type: 'text', collation: 'C' }) type!: TransactionType;
  @Column({ type: 'text', collation: 'C' }) id!: string;
  @Column('numeric') amount!: string;
  @Column('numeric') remaining!: string;
  @Column('numeric') held!: string;
  @Column('numeric') debt!: string;
  @Column({ type: 'numeric', name: 'paid_amount', nullable: true }) paidAmount!: string | null;
  @Column({ type: 'text', name: 'paid_currency', collation: 'C', nullable: true }) paidCurrency!: string | null;
  @Column({ type: 'text', nullable: true }) pack!: string | null;
  @Column('json') details!: Record<string, unknown>;
}
