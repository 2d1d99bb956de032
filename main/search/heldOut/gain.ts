/** How much of a candidate's gain over the reference a held-out twin retains (science.md §4). */
import { memberArea } from '../../contract/plans.ts';
import type { HeldOutResult } from '../../contract/searchEvidence.ts';
import { medianOf } from '../../platform/median.ts';
import { Random } from '../../platform/random.ts';
import type { ModelUnit } from '../model.ts';
import { areasOf } from '../objectives/normalisation.ts';
import { activityOfArea, type ReferenceScale } from '../reference/reference.ts';
import { matchUnits, standardised } from './matching.ts';

/** What one twin answered. */
export type Answers = {
  units: readonly ModelUnit[];
  scale: ReferenceScale;
  /** Stimuli × units, the reference without blanks. */
  rows: Float32Array;
  /** To the candidate. */
  candidate: Float32Array;
};

const bootstrapDraws = 2000;

/**
 * Δz = s·z(x*) − max over the reference of s·z, with s = 1 for a driven and −1 for a suppressed unit: the best reference stimulus
 * is the unit's own in either twin, so that the held-out one is asked for no less.
 */
export function gainOf({ scale, rows, candidate, units }: Answers, unit: number, sign: number): number {
  const mean = scale.mean[unit] as number;
  const sd = scale.sd[unit] as number;
  const z = (response: number): number => (sign * (response - mean)) / sd;
  let best = -Infinity;
  for (let at = unit; at < rows.length; at += units.length) best = Math.max(best, z(rows[at] as number));
  return z(candidate[unit] as number) - best;
}

/** The same for the activity of an area. */
export function areaGainOf(
  { scale, rows, candidate, units }: Answers,
  members: readonly number[],
  sign: number,
): number {
  const activity = (row: Float32Array): number =>
    sign * activityOfArea(members, scale.areaCoefficient, scale.mean, row);
  let best = -Infinity;
  for (let at = 0; at < rows.length; at += units.length)
    best = Math.max(best, activity(rows.subarray(at, at + units.length)));
  return activity(candidate) - best;
}

/** Median with a 95 % percentile interval of the bootstrap over `values`; null without any. */
export function medianWithInterval(
  values: readonly number[],
  seed: number,
  stream: string,
): HeldOutResult['areas'][number]['gainRetained'] {
  const units = values.length;
  if (units === 0) return null;
  const random = Random.fromSeed(seed, stream);
  const medians = Float64Array.from({ length: bootstrapDraws }, () =>
    medianOf(Array.from({ length: units }, () => values[random.int(units)] as number)),
  ).sort();
  const at = (share: number): number => medians[Math.round(share * (bootstrapDraws - 1))] as number;
  return { median: medianOf([...values]), low: at(0.025), high: at(0.975), units };
}

/** `signs` of targeted units, by their place in the searched twin. */
export function compareAreas(
  own: Answers,
  heldOut: Answers,
  signs: ReadonlyMap<number, 1 | -1>,
  seed: number,
  stream: string,
): HeldOutResult['areas'] {
  const ownAreas = areasOf(own.units);
  const otherAreas = areasOf(heldOut.units);
  const modulated = (twin: Answers, u: number): boolean => (twin.scale.sd[u] as number) > 0;
  return [...ownAreas].flatMap(([area, members]) => {
    const targeted = members.filter((u) => signs.has(u) && modulated(own, u));
    if (targeted.length === 0) return [];
    // Areas of a state or of another twin of the plan are named after it; the held-out twin names its own.
    const prefix = memberArea(own.units[members[0] as number]?.member ?? null, '');
    const named = otherAreas.get(area.slice(prefix.length));
    const open = (named ?? [...heldOut.units.keys()]).filter((u) => modulated(heldOut, u));
    const place = new Map(open.map((u, k) => [heldOut.units[u]?.unit, k]));
    const sameUnits =
      named?.length === members.length &&
      members.every((u, i) => own.units[u]?.unit === heldOut.units[named[i] as number]?.unit);
    // A counterpart that the reference does not modulate leaves its unit without a match.
    const paired = sameUnits ? targeted.filter((u) => place.has(own.units[u]?.unit)) : targeted;
    const match = matchUnits(
      standardised(own.rows, own.units.length, paired),
      standardised(heldOut.rows, heldOut.units.length, open),
      sameUnits ? paired.map((u) => place.get(own.units[u]?.unit) as number) : null,
    );
    const matches = match.pairs.map((pair, i) => ({ ...pair, unit: paired[i] as number }));
    const matched = matches.filter((pair) => pair.matched);
    const pairs = matched.map(({ unit, index, correlation }) => {
      const other = open[index] as number;
      const sign = signs.get(unit) as number;
      return {
        unit: own.units[unit]?.unit as string,
        match: { area: heldOut.units[other]?.area as string, unit: heldOut.units[other]?.unit as string },
        correlation,
        gain: gainOf(own, unit, sign),
        heldOutGain: gainOf(heldOut, other, sign),
      };
    });
    const applicable = pairs.filter(({ gain }) => gain > 0);
    const correlations = pairs.map(({ correlation }) => correlation);
    const missed = matches.filter((pair) => !pair.matched && pair.index >= 0).map(({ correlation }) => correlation);
    return [
      {
        area,
        matchedBy: match.by,
        units: targeted.length,
        matched: pairs.length,
        applicable: applicable.length,
        correlation:
          correlations.length === 0
            ? null
            : {
                median: medianOf(correlations),
                smallest: Math.min(...correlations),
                largest: Math.max(...correlations),
              },
        bestUnmatched: missed.length === 0 ? null : Math.max(...missed),
        gainRetained: medianWithInterval(
          applicable.map(({ gain, heldOutGain }) => heldOutGain / gain),
          seed,
          `${stream}/${area}`,
        ),
        areaGain: areaGain(own, heldOut, members, named, signs),
        pairs,
      },
    ];
  });
}

/** Only where the target is the whole area, in one direction, and both twins have it. */
function areaGain(
  own: Answers,
  heldOut: Answers,
  members: readonly number[],
  named: readonly number[] | undefined,
  signs: ReadonlyMap<number, 1 | -1>,
): HeldOutResult['areas'][number]['areaGain'] {
  const sign = signs.get(members[0] as number);
  if (named === undefined || sign === undefined || members.some((u) => signs.get(u) !== sign)) return null;
  const gain = areaGainOf(own, members, sign);
  if (!(gain > 0)) return null;
  const heldOutGain = areaGainOf(heldOut, named, sign);
  return { gain, heldOutGain, retained: heldOutGain / gain };
}
