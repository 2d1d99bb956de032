/** The items of a protocol plan: which sets and searches go in. */
import type { ProtocolItem, ProtocolPlan } from '../../../main/contract/plans.ts';
import { protocolPlan, type Display } from '../../../main/contract/plans.ts';

/** A protocol plan before it has its first item, which the schema does not allow. */
export function emptyPlan(display: Display): ProtocolPlan {
  const plan = protocolPlan.parse({ format: 1, kind: 'protocol', display, items: [{ stimuli: { set: 'none' } }] });
  return { ...(plan as ProtocolPlan), items: [] };
}

export const setItem = (set: string): ProtocolItem => ({ stimuli: { set } });
export const searchItem = (search: string): ProtocolItem => ({ search, candidates: 1, controls: true });

/** Adds an item unless the same set or search is in already. */
export function withItem(plan: ProtocolPlan, item: ProtocolItem): ProtocolPlan {
  const key = itemKey(item);
  return plan.items.some((other) => itemKey(other) === key) ? plan : { ...plan, items: [...plan.items, item] };
}

export function itemKey(item: ProtocolItem): string {
  if ('search' in item) return `search ${item.search}`;
  return 'set' in item.stimuli ? `set ${item.stimuli.set}` : `stimuli ${JSON.stringify(item.stimuli)}`;
}

/** Trials per condition, blanks last. */
export function conditionTotals(protocol: {
  stimuli: readonly { condition: string }[];
  trials: readonly { stimulus: number | null }[];
}): { condition: string; trials: number }[] {
  const totals = new Map<string, number>(protocol.stimuli.map(({ condition }) => [condition, 0]));
  let blanks = 0;
  for (const { stimulus } of protocol.trials) {
    const condition = stimulus === null ? undefined : protocol.stimuli[stimulus]?.condition;
    if (condition === undefined) blanks++;
    else totals.set(condition, (totals.get(condition) ?? 0) + 1);
  }
  const rows = [...totals].map(([condition, trials]) => ({ condition, trials }));
  return blanks > 0 ? [...rows, { condition: 'blank', trials: blanks }] : rows;
}
