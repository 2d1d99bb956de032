/** Counts in sentences. */

/** 1024000 → '1,024,000'. */
export const formatCount = (count: number): string => count.toLocaleString('en-US');

/** '1 run', '3 runs', '1,024 stimuli'. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;
