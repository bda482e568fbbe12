import { assertNever } from '#libs/kernel';
import type { AccountCommand } from '#libs/domain';

/** Names a command within its account: the same for every repeat of it. It is the causation id of its events. */
export const commandIdOf = (command: AccountCommand): string => {
  switch (command.type) {
    case 'OpenAccount': case 'WakeAccount': return command.type;
    case 'BuyCredit': case 'GrantCredit': case 'Refund': return `${command.type}/${command.id}`;
    case 'PlaceHold': case 'SettleHold': case 'IncreaseHold': case 'ReleaseHold': case 'ShowHold': return `${command.type}/${command.holdId}`;
    case 'ChargeUsage': return `${command.type}/${command.chargeId}`;
    case 'ReportUsage': return `${command.type}/${command.source}/${command.usageId}`;
    default: return assertNever(command);
  }
};

/** The key that makes a command idempotent, for the event's envelope; undefined where it is the resource's own id. */
export const idempotencyKeyOf = (command: AccountCommand): string | undefined =>
  ('idempotencyKey' in command ? command.idempotencyKey : undefined);
