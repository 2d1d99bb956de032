/** A line of the table of `npm run search-science`. */
export interface Row {
  check: string;
  measured: string;
  wanted: string;
  /** Null where a figure is reported and nothing is asked of it. */
  passed: boolean | null;
}

export const percent = (count: number, of: number): string => `${((100 * count) / of).toFixed(1)} %`;
