/** Pixels of one rem now: 16 at 100 % text. For sizes that scripts compute and text must fit into. */
export function remPx(): number {
  if (typeof document === 'undefined') return 16;
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}
