/** The protocol that is being edited, with its history; unsaved work outlives a look at another page. */
import { useEffect, useState } from 'react';
import type { ProtocolItem, ProtocolPlan } from '../../../main/contract/plans.ts';
import { canonicalJson } from '../../../main/platform/hash.ts';
import { change, redo, startHistory, undo, type History } from './history.ts';
import { withItem } from './items.ts';

export interface ProtocolDocument {
  readonly name: string;
  /** Without its own name, which is the document's. */
  readonly plan: ProtocolPlan;
}

const unsaved = new Map<string, History<ProtocolDocument>>();

export const forgetUnsaved = (key: string): boolean => unsaved.delete(key);

export function useProtocolDocument(key: string, saved: ProtocolDocument, added: readonly ProtocolItem[]) {
  const [history, setHistory] = useState(() => {
    const start = unsaved.get(key) ?? startHistory(saved);
    const { name, plan } = start.present;
    const next = added.reduce(withItem, plan);
    return next === plan ? start : change(start, { name, plan: next }, 'added', Date.now());
  });
  useEffect(() => {
    if (history.past.length + history.future.length > 0) unsaved.set(key, history);
  }, [key, history]);
  return {
    document: history.present,
    dirty: canonicalJson(history.present) !== canonicalJson(saved),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    edit: (next: ProtocolDocument, touched: string) =>
      setHistory((before) => change(before, next, touched, Date.now())),
    undo: () => setHistory(undo),
    redo: () => setHistory(redo),
  };
}
