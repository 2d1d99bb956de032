import { describe, expect, it } from 'vitest';
import { searchPlan } from '../../contract/plans.ts';
import { Random } from '../../platform/random.ts';
import { sdOfMean, unitStatistics } from './normalisation.ts';
import { createObjective, type Objective } from './objective.ts';
import { groupsOf, resolveObjective } from './resolve.ts';

const units = [
  { area: 'A', unit: '1' },
  { area: 'A', unit: '2' },
  { area: 'A', unit: '3' },
  { area: 'B', unit: '1' },
];
// Four stimuli × four units; unit 3 of A does not vary.
const reference = Float32Array.of(1, 10, 5, 0, 3, 10, 5, 0, 1, 30, 5, 0, 3, 30, 5, 8);
const statistics = unitStatistics(reference, units);
const lastRow = reference.subarray(12, 16);
const sdB = Math.sqrt(12);

function objectiveOf(plan: Record<string, unknown>, goals: readonly Float32Array[] = []): Objective {
  const parsed = searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: 'test',
    space: { type: 'pixels' },
    optimiser: { type: 'gradient' },
    ...plan,
  });
  const terms = resolveObjective(parsed, units, { fieldOfViewDeg: 8 });
  const groupSd = Float64Array.from(groupsOf(terms), (group) => sdOfMean(group.units, statistics, reference));
  return createObjective(terms, { ...statistics, groupSd }, goals);
}

/** Largest difference between the cotangent and central differences at random responses, relative to the largest slope. */
function slopeError(objective: Objective): number {
  const random = Random.fromSeed(3, 'slope');
  let error = 0;
  for (let n = 0; n < 8; n++) {
    const at = Float32Array.from([2, 20, 5, 2], (mean) => mean + 3 * random.normal());
    const slope = objective.cotangent(at);
    const scale = Math.max(...slope.map(Math.abs));
    for (let u = 0; u < 4; u++) {
      const step = 2 ** -6;
      const moved = (sign: number): Float32Array =>
        at.map((value, i) => (i === u ? Math.fround(value + sign * step) : value));
      const [up, down] = [moved(1), moved(-1)];
      const rise = objective.value(up) - objective.value(down);
      const run = (up[u] as number) - (down[u] as number);
      error = Math.max(error, Math.abs(rise / run - (slope[u] as number)) / scale);
    }
  }
  return error;
}

describe('objectives', () => {
  it('drives weighted groups, and suppresses them with the opposite sign', () => {
    const target = [
      { area: 'A', weight: 2 },
      { area: 'B', units: ['1'], weight: -0.5 },
    ];
    const drive = objectiveOf({ target });
    // A at (3, 30): √2; B at 8: 6/√12.
    expect(drive.value(lastRow)).toBeCloseTo(2 * Math.SQRT2 - 3 / sdB, 12);
    expect(drive.linear).toBe(true);
    expect(drive.cotangent(lastRow)[2]).toBe(0);
    expect(slopeError(drive)).toBeLessThan(1e-5);
    expect(objectiveOf({ target, objective: { type: 'suppress' } }).value(lastRow)).toBe(-drive.value(lastRow));
  });

  it('refuses a target that the reference set does not modulate', () => {
    expect(() => objectiveOf({ target: [{ area: 'A', units: ['3'] }] })).toThrow(/A unit 3: its response is the same/);
    expect(() =>
      objectiveOf({
        target: [{ area: 'A', units: ['3'] }],
        objective: { type: 'match', goal: { z: [{ area: 'A', unit: '3', z: 1 }] } },
      }),
    ).toThrow(/no scale to match on/);
  });

  it('selects an area against the others', () => {
    const selective = objectiveOf({ target: [{ area: 'A' }], objective: { type: 'selective', temperature: 0.5 } });
    const a = Math.SQRT2 / 0.5;
    const b = 6 / sdB / 0.5;
    expect(selective.value(lastRow)).toBeCloseTo(a - Math.log((Math.exp(a) + Math.exp(b)) / 2), 12);
    expect(selective.linear).toBe(false);
    expect(slopeError(selective)).toBeLessThan(1e-3);
  });

  it('selects a unit against the other units of its area, unmodulated ones left out', () => {
    const selective = objectiveOf({
      target: [{ area: 'A', units: ['1'] }],
      objective: { type: 'selective', over: 'units' },
    });
    // z of units 1 and 2 at (3, 30): 1 and 1.
    expect(selective.value(lastRow)).toBeCloseTo(1 - Math.log(Math.E), 12);
    expect(selective.value(Float32Array.of(4, 20, 9, 99))).toBeCloseTo(2 - Math.log((Math.exp(2) + 1) / 2), 12);
    expect(selective.cotangent(lastRow)[3]).toBe(0);
  });

  it('matches given responses and those to a goal stimulus', () => {
    const given = objectiveOf({
      target: [{ area: 'A', units: ['1', '2'] }],
      objective: {
        type: 'match',
        goal: {
          z: [
            { area: 'A', unit: '1', z: 0 },
            { area: 'A', unit: '2', z: 3 },
          ],
        },
      },
    });
    // z of (3, 30) is (1, 1): −(1 + 4)/2.
    expect(given.value(lastRow)).toBeCloseTo(-2.5, 12);
    expect(slopeError(given)).toBeLessThan(1e-3);
    const goal = Float32Array.of(1, 10, 5, 0);
    const metamer = objectiveOf(
      {
        target: [{ area: 'A', weight: 3 }, { area: 'B' }],
        objective: { type: 'match', goal: { from: { set: 'photographs' }, index: 2 } },
      },
      [goal],
    );
    expect(metamer.value(goal)).toBeCloseTo(0, 12);
    // z differs by 2, 2 (weight 3) and 8/√12 (weight 1).
    expect(metamer.value(lastRow)).toBeCloseTo(-(3 * 4 + 3 * 4 + 64 / 12) / 7, 12);
    expect(slopeError(metamer)).toBeLessThan(1e-3);
  });

  it('adds objectives, each over a target of its own', () => {
    const sum = objectiveOf({
      target: [{ area: 'A' }],
      objective: {
        type: 'sum',
        terms: [
          { objective: { type: 'drive' } },
          { weight: 0.5, objective: { type: 'suppress' }, target: [{ area: 'B' }] },
          { weight: 2, objective: { type: 'selective' } },
        ],
      },
    });
    const b = 6 / sdB;
    const selected = Math.SQRT2 - Math.log((Math.exp(Math.SQRT2) + Math.exp(b)) / 2);
    expect(sum.value(lastRow)).toBeCloseTo(Math.SQRT2 - 0.5 * b + 2 * selected, 12);
    expect(slopeError(sum)).toBeLessThan(1e-3);
  });

  it('refuses a competition without a rival, and a pattern outside the target', () => {
    const everything = { target: [{ area: 'A' }, { area: 'B' }], objective: { type: 'selective' } };
    expect(() => objectiveOf(everything)).toThrow(
      /nothing that A and B could be driven against: this twin has no other/,
    );
    expect(() => objectiveOf({ target: [{ area: 'A', weight: -1 }], objective: { type: 'selective' } })).toThrow(
      /weights of the target must be above 0/,
    );
    expect(() =>
      objectiveOf({
        target: [{ area: 'A' }],
        objective: { type: 'match', goal: { z: [{ area: 'B', unit: '1', z: 1 }] } },
      }),
    ).toThrow(/the target does not contain this unit/);
  });
});
