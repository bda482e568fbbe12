/** What a path needs of who calls it. */
export type Permission =
  /** Look at accounts, catalogs, the audit trail. */
  | 'read'
  /** Ask what something would cost. */
  | 'estimate'
  /** Spend credit: holds, charges, usage. */
  | 'use'
  /** Move money: purchases, grants, refunds. */
  | 'credit'
  /** Open accounts. */
  | 'open'
  /** Import catalogs, publish prices. */
  | 'configure'
  /** Rebuild read models. */
  | 'operate';

export const ROLES = ['admin', 'finance', 'gateway', 'read-only'] as const;
export type Role = (typeof ROLES)[number];

/**
 * A gateway spends but never gives credit, so a leaked gateway token cannot make money; finance moves money but never
 * spends it. Opening accounts is the back office's: a gateway that could would hide a misspelt account id.
 */
const GRANTED: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  admin: new Set<Permission>(['read', 'estimate', 'use', 'credit', 'open', 'configure', 'operate']),
  finance: new Set<Permission>(['read', 'estimate', 'credit', 'open']),
  gateway: new Set<Permission>(['read', 'estimate', 'use']),
  'read-only': new Set<Permission>(['read', 'estimate']),
};

export const may = (role: Role, permission: Permission): boolean => GRANTED[role].has(permission);

export const rolesWith = (permission: Permission): Role[] => ROLES.filter((role) => may(role, permission));
