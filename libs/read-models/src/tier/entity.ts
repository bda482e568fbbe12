import { Column, Entity, PrimaryColumn } from 'typeorm';

/** See {@link Tier}. */
@Entity({ schema: 'read', name: 'tier' })
export class TierEntity {
  @PrimaryColumn('text', { name: 'account_id', collation: 'C' }) accountId!: string;
  @Column('numeric') purchased!: string;
  @Column({ type: 'text', collation: 'C' }) currency!: string;
}
