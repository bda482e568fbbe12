import type { AppendFault } from './faults.js';
import type { ServerDouble } from './server-double.js';

/** What a double in a process of its own is told to do. */
export type Order = 'drop-connections' | 'forget' | { readonly appends: readonly AppendFault[] } | { readonly answerAfterMs: number };

export const obey = (node: ServerDouble, order: Order): void => {
  if (order === 'drop-connections') node.dropConnections();
  else if (order === 'forget') node.store.forget();
  else if ('appends' in order) node.faults.appends.push(...order.appends);
  else node.faults.answerAfterMs = order.answerAfterMs;
};
