/** Lists of factor levels as people type them. */

const mostLevels = 1000;

export type FactorList = { readonly levels: readonly number[] } | { readonly problem: string };

function toNumber(text: string): number | null {
  // Typographic minus signs arrive by copy and paste from papers.
  const value = Number(text.replace('−', '-'));
  return text === '' || !Number.isFinite(value) ? null : value;
}

/** Steps are counted, not accumulated, so that 0:22.5:157.5 ends exactly on 157.5. */
function linearRange(from: number, step: number, to: number): number[] {
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  return Array.from({ length: Math.min(count, mostLevels + 1) }, (_, index) => clean(from + index * step));
}

function ratioRange(from: number, ratio: number, to: number): number[] {
  const levels: number[] = [];
  for (let level = from; level <= to * (1 + 1e-9) && levels.length <= mostLevels; level *= ratio)
    levels.push(clean(level));
  return levels;
}

/** Twelve digits: what was typed, without the tail of binary fractions. */
const clean = (value: number): number => Number(value.toPrecision(12));

function parseItem(item: string): number[] | string {
  const parts = item.split(':');
  if (parts.length === 1) {
    const value = toNumber(item);
    return value === null ? `“${item}” is not a number.` : [value];
  }
  if (parts.length !== 3) return `“${item}” is not a range. Write start:step:end, or start:×ratio:end.`;
  const [first, middle, last] = parts as [string, string, string];
  const ratio = /^[x×*]/.test(middle);
  const from = toNumber(first);
  const step = toNumber(ratio ? middle.slice(1) : middle);
  const to = toNumber(last);
  if (from === null || step === null || to === null) return `“${item}” holds something that is not a number.`;
  if (ratio) {
    if (from <= 0 || step <= 1 || to < from)
      return `“${item}” does not rise: a ratio range needs start > 0, ratio > 1 and end ≥ start.`;
    return ratioRange(from, step, to);
  }
  if (step === 0 || (to - from) / step < 0) return `“${item}” never reaches its end. Check the sign of the step.`;
  return linearRange(from, step, to);
}

/**
 * Reads numbers and ranges separated by spaces, commas or semicolons: `0.5 1 2 4`, `0:22.5:157.5` (end included),
 * `0.5:×2:8` (each level twice the one before). Says in a sentence what it cannot read.
 */
export function parseFactorList(text: string, limits: { min?: number; max?: number; above?: number } = {}): FactorList {
  const items = text
    .trim()
    .replace(/\s*:\s*/g, ':')
    .split(/[\s,;]+/)
    .filter((item) => item !== '');
  if (items.length === 0) return { problem: 'Write at least one level.' };
  const levels: number[] = [];
  for (const item of items) {
    const parsed = parseItem(item);
    if (typeof parsed === 'string') return { problem: parsed };
    levels.push(...parsed);
    if (levels.length > mostLevels) return { problem: `More than ${mostLevels} levels. Widen the step.` };
  }
  for (const level of levels) {
    if (limits.above !== undefined && level <= limits.above)
      return { problem: `${level} must be greater than ${limits.above}.` };
    if (limits.min !== undefined && level < limits.min) return { problem: `${level} is below ${limits.min}.` };
    if (limits.max !== undefined && level > limits.max) return { problem: `${level} is above ${limits.max}.` };
  }
  const twice = levels.find((level, index) => levels.indexOf(level) !== index);
  if (twice !== undefined) return { problem: `${twice} stands twice.` };
  return { levels };
}
