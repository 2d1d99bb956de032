/** What a built-in twin must show, and what it showed when it was measured: one row of the acceptance table. */

export interface AcceptanceRow {
  check: string;
  /** Value in the literature or of the design, and where it is from; `[m]` marks what was not looked up again. */
  published: string;
  source: string;
  /** What the twin showed, with its unit. */
  measured: string;
  /** What `measured` must satisfy. */
  tolerance: string;
  passed: boolean;
  /** Units or stimuli measured. */
  n: number;
}

/** Every `models/<twin>/testing/science.ts` exports one of these. */
export type MeasureAcceptance = () => Promise<AcceptanceRow[]>;
