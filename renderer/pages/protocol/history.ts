/** Undo and redo for a document that is replaced as a whole. */

export interface History<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** What the last change touched; a run of changes to one thing is undone as one. */
  readonly touched: string | null;
  readonly touchedAtMs: number;
}

const longest = 200;
/** Changes to the same thing within this time are one step, e.g. the digits of a number. */
const sameStepMs = 1200;

export const startHistory = <T>(present: T): History<T> => ({
  past: [],
  present,
  future: [],
  touched: null,
  touchedAtMs: 0,
});

/** The document after a change to `touched`; what had been undone is forgotten. */
export function change<T>(history: History<T>, next: T, touched: string, nowMs: number): History<T> {
  if (Object.is(next, history.present)) return history;
  const joins = touched === history.touched && nowMs - history.touchedAtMs < sameStepMs && history.past.length > 0;
  const past = joins ? history.past : [...history.past, history.present].slice(-longest);
  return { past, present: next, future: [], touched, touchedAtMs: nowMs };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: before,
    future: [history.present, ...history.future],
    touched: null,
    touchedAtMs: 0,
  };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...rest] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future: rest, touched: null, touchedAtMs: 0 };
}
