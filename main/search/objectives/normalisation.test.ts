import { describe, expect, it } from 'vitest';
import { activityOf, groupActivity, sdOfMean, unitStatistics, type UnitStatistics } from './normalisation.ts';

const units = [
  { area: 'A', unit: '1' },
  { area: 'A', unit: '2' },
  { area: 'A', unit: '3' },
  { area: 'B', unit: '1' },
];
// Four stimuli × four units; unit 3 of A does not vary.
const responses = Float32Array.of(1, 10, 5, 0, 3, 10, 5, 0, 1, 30, 5, 0, 3, 30, 5, 8);

const activityFor = (members: number[], statistics: UnitStatistics, rows: Float32Array) =>
  groupActivity(members, statistics.sd, sdOfMean(members, statistics, rows));

describe('normalisation by the reference set', () => {
  const statistics = unitStatistics(responses, units);

  it('has hand-computed means and standard deviations', () => {
    expect([...statistics.mean]).toEqual([2, 20, 5, 2]);
    expect([...statistics.sd]).toEqual([1, 10, 0, Math.sqrt(12)]);
    expect(statistics.stimuli).toBe(4);
  });

  it('weighs stimuli where they do not count equally', () => {
    // The third and fourth stimulus count three times: as if each were there three times.
    const weighted = unitStatistics(responses, units, Float64Array.of(1, 1, 3, 3));
    const row = (s: number) => [...responses.subarray(4 * s, 4 * s + 4)];
    const repeated = Float64Array.from([0, 1, 2, 2, 2, 3, 3, 3].flatMap(row));
    const expected = unitStatistics(Float32Array.from(repeated), units);
    expect([...weighted.mean]).toEqual([...expected.mean]);
    expect([...weighted.sd]).toEqual([...expected.sd].map((sd) => expect.closeTo(sd, 12)));
    expect(weighted.stimuli).toBe(4);
    const ofWeighted = activityFor([0, 1], weighted, responses);
    const ofRepeated = activityFor([0, 1], expected, Float32Array.from(repeated));
    expect(ofWeighted?.coefficient).toEqual(ofRepeated?.coefficient.map((c) => expect.closeTo(c, 12)));
  });

  it('counts a unit below 1 % of its area’s median sd as unmodulated', () => {
    // Standard deviations 1, 1, .0099 and 1, 1, .0101.
    const pattern = (small: number) => Float32Array.of(1, 1, small, -1, -1, -small);
    const three = units.slice(0, 3);
    expect(unitStatistics(pattern(0.0099), three).sd[2]).toBe(0);
    expect(unitStatistics(pattern(0.0101), three).sd[2]).toBeCloseTo(0.0101, 6);
  });

  it('gives an area its mean z over the sd of that mean', () => {
    // z of units 1 and 2: (−1, 1, −1, 1) and (−1, −1, 1, 1): mean (−1, 0, 0, 1), sd √½.
    const group = activityFor([0, 1, 2], statistics, responses);
    if (group === null) throw new Error('no group');
    expect(group.units).toEqual([0, 1]);
    const activities = [0, 1, 2, 3].map((s) =>
      activityOf(group, statistics.mean, responses.subarray(4 * s, 4 * s + 4)),
    );
    expect(activities).toEqual([-Math.SQRT2, 0, 0, Math.SQRT2].map((v) => expect.closeTo(v, 12)));
    expect(activityFor([2], statistics, responses)).toBeNull();
  });

  it('gives a single unit its z', () => {
    const group = activityFor([1], statistics, responses);
    if (group === null) throw new Error('no group');
    expect(activityOf(group, statistics.mean, Float32Array.of(0, 45, 0, 0))).toBeCloseTo(2.5, 12);
  });
});
