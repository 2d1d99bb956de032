/** What a search reports of its best candidate beside its controls (science.md §4). */
import { z } from 'zod';
import { sha256 } from './stimuli.ts';

export const controlKind = z.enum([
  /** Matched noise. */
  'random',
  /** Drawn from the space that was searched, as many as the search had evaluations. */
  'same-space',
  'phase-scrambled',
  'best-of-set',
  /** Of the half of the reference set that responses are not z-scored over, or of all of it where it has no halves. */
  'best-of-reference',
  'best-grating',
]);
export type ControlKind = z.infer<typeof controlKind>;

/** s = (r(x*) − b)/(max over the reference of r − b), b the response to the blank; null where the denominator is not above 0. */
const stretched = { stretch: z.number().nullable() };

export const stretch = z.object({
  /** Response and largest response to the reference in response units. */
  units: z.array(z.object({ area: z.string(), unit: z.string(), referenceMax: z.number(), ...stretched })),
  /** By the activity of the whole area, z. */
  areas: z.array(z.object({ area: z.string(), referenceMax: z.number(), ...stretched })),
});
export type Stretch = z.infer<typeof stretch>;

export const suppression = z.object({
  units: z.array(
    z.object({
      area: z.string(),
      unit: z.string(),
      /** Responses in response units. */
      response: z.number(),
      blank: z.number(),
      /**
       * 'below blank' is only possible for a unit with spontaneous activity; without it, 'at floor' is the most. Differences up to
       * a thousandth of the unit's largest response to the reference count as none.
       */
      outcome: z.enum(['below blank', 'at blank', 'at floor', 'driven']),
      /**
       * The mask paradigm: the response to the unit's best reference stimulus at half contrast, alone and with the candidate at
       * half contrast on it; `suppression` = 1 − (both − blank)/(alone − blank), null where alone does not exceed the blank. Null
       * for units beyond the number that is measured.
       */
      mask: z.object({ alone: z.number(), both: z.number(), suppression: z.number().nullable() }).nullable(),
    }),
  ),
  /** Units of the target that are suppressed, and how many of them the mask was measured on. */
  suppressed: z.int(),
  masked: z.int(),
});
export type Suppression = z.infer<typeof suppression>;

/** log-odds of driving the target rather than the others, at T = 1 z or as the plan's selective objective has it. */
export const selectivity = z.object({
  candidate: z.number(),
  /** Largest over the control 'best-of-reference', brought to the constraints; null where there is none. */
  bestOfReference: z.number().nullable(),
  target: z.array(z.string()),
  against: z.array(z.string()),
});
export type Selectivity = z.infer<typeof selectivity>;

export const variation = z.object({
  kind: z.enum(['contrast', 'position', 'size', 'encoding', 'jitter']),
  /** In words with units: '¼ ×', '0.4° to the right'. */
  label: z.string(),
  /** Images that the numbers are the mean of. */
  n: z.int(),
  /** z; the smallest of `n` where there are several. */
  objective: z.number(),
  smallest: z.number().nullable(),
  /** Mean over the targeted units, response units. */
  response: z.number(),
  areas: z.array(z.object({ area: z.string(), z: z.number() })),
});
export type Variation = z.infer<typeof variation>;

/** Pearson correlation of the contrast images of every pair of starts, weighted by the aperture. */
export const uniqueness = z.object({
  /** Starts that were compared. */
  starts: z.int(),
  median: z.number(),
  smallest: z.number(),
  largest: z.number(),
  /** Pairs (1,2), (1,3) … by rank. */
  correlations: z.array(z.number()),
});
export type Uniqueness = z.infer<typeof uniqueness>;

/** Median over units with a 95 % percentile interval of the bootstrap over units. */
const spread = z.object({ median: z.number(), low: z.number(), high: z.number(), units: z.int() });

export const heldOutResult = z.object({
  twin: z.object({ id: z.string(), version: z.string(), sha256 }),
  tier: z.enum(['same architecture', 'another architecture']),
  /** Why nothing could be compared, in a sentence; null where it was. */
  failure: z.string().nullable(),
  areas: z.array(
    z.object({
      area: z.string(),
      /** By unit id where the two twins have the same units, otherwise the unit whose responses correlate most. */
      matchedBy: z.enum(['id', 'correlation']),
      /** Targeted units, those with a match, and those whose candidate exceeds their best reference stimulus. */
      units: z.int(),
      matched: z.int(),
      applicable: z.int(),
      /** Over the reference stimuli, of matched units; null without any. */
      correlation: z.object({ median: z.number(), smallest: z.number(), largest: z.number() }).nullable(),
      /** Largest correlation that an unmatched unit found; null where all are matched. */
      bestUnmatched: z.number().nullable(),
      /** Δz′/Δz with Δz = z(x*) − z(best reference stimulus); null where no unit has a gain to be kept. */
      gainRetained: spread.nullable(),
      /** The same ratio for the activity of the area as a whole; null where it is not the target, or has no gain. */
      areaGain: z.object({ gain: z.number(), heldOutGain: z.number(), retained: z.number() }).nullable(),
      pairs: z.array(
        z.object({
          unit: z.string(),
          /** Area and id of the held-out unit. */
          match: z.object({ area: z.string(), unit: z.string() }),
          correlation: z.number(),
          gain: z.number(),
          heldOutGain: z.number(),
        }),
      ),
    }),
  ),
});
export type HeldOutResult = z.infer<typeof heldOutResult>;

export const searchEvidence = z.object({
  stretch: stretch.nullable(),
  suppression: suppression.nullable(),
  selectivity: selectivity.nullable(),
  /** Of the best candidate; empty where the plan leaves it out. */
  variations: z.array(variation),
  uniqueness: uniqueness.nullable(),
  heldOut: z.array(heldOutResult),
});
export type SearchEvidence = z.infer<typeof searchEvidence>;
