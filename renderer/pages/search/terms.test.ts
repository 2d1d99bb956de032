import { describe, expect, it } from 'vitest';
import { searchPlan, type SearchPlan, type TargetTerm } from '../../../main/contract/plans.ts';
import type { StimulusSpec } from '../../../main/contract/stimuli.ts';
import type { TwinDetails, TwinUnit } from '../../../main/contract/twins.ts';
import { circleOf } from '../../components/BrushableRfMap.tsx';
import { forkOf } from './NewSearch.tsx';
import { gaugeShare } from './ResidualGauge.tsx';
import { apertureFor, newPlan, planProblems, withTarget } from './plan.ts';
import { termCount } from './TargetEditor.tsx';
import { withCircleListed, withUnitToggled } from './TargetMap.tsx';
import { objectiveOfType, placeTitle, termAt, termPlaces, termsAt, withTermAt, withTermsAt } from './terms.ts';

const unit = (area: string, name: string, xDeg: number, extra: TwinUnit['extra'] = {}): TwinUnit => ({
  unit: name,
  area,
  index: 0,
  xDeg,
  yDeg: 0,
  sizeDeg: 0.8,
  extra,
});
const twin = {
  summary: { id: 'v', fieldOfViewDeg: 8 },
  manifest: { areas: [{ name: 'V1' }, { name: 'V2' }], capabilities: { inputGradient: 'derived' } },
  units: [
    unit('V1', 'a', 0, { noise_ceiling: 0.8 }),
    unit('V1', 'b', 1, { noise_ceiling: 0.2 }),
    unit('V1', 'c', 3.9),
    unit('V2', 'a', 0),
  ],
} as unknown as TwinDetails;
const plan = (change: object = {}): SearchPlan => searchPlan.parse({ ...newPlan(twin), ...change }) as SearchPlan;
const v1: TargetTerm = { area: 'V1', weight: 1 };
const anything = { fieldInside: false };

describe('units of a term', () => {
  it('are toggled one by one, from a whole area, a list or a circle', () => {
    expect(withUnitToggled(v1, 'b', twin)).toEqual({ ...v1, units: ['b'] });
    expect(withUnitToggled({ ...v1, units: ['b'] }, 'a', twin)).toEqual({ ...v1, units: ['a', 'b'] });
    // None left, or all of them, is the whole area.
    expect(withUnitToggled({ ...v1, units: ['b'] }, 'b', twin)).toEqual(v1);
    expect(withUnitToggled({ ...v1, units: ['a', 'b'] }, 'c', twin)).toEqual(v1);
    const within = { xDeg: 0.5, yDeg: 0, radiusDeg: 0.6 };
    expect(withUnitToggled({ ...v1, within }, 'a', twin)).toEqual({ ...v1, units: ['b'] });
    expect(withCircleListed({ ...v1, within }, twin)).toEqual({ ...v1, units: ['a', 'b'] });
  });

  it('are counted with the circle and the limits', () => {
    const within = { xDeg: 0.5, yDeg: 0, radiusDeg: 0.6 };
    expect(termCount(v1, twin, anything)).toBe('3 units');
    expect(termCount({ ...v1, within }, twin, anything)).toBe('2 of 3 units within 0.6° of (0.5°, 0°)');
    expect(termCount(v1, twin, { ...anything, minNoiseCeiling: 0.5 })).toBe('1 of 3 units');
    // c reaches to 4.3° and the field to 4°.
    expect(termCount(v1, twin, { fieldInside: true })).toBe('2 of 3 units');
  });

  it('have an aperture where a circle chooses them', () => {
    const target = [{ ...v1, within: { xDeg: 0, yDeg: 0, radiusDeg: 0.5 } }];
    // One field of ±0.4° at the centre, out to three standard deviations: 1.2°, and an edge of 0.25°.
    expect(apertureFor(target, twin)).toEqual({ xDeg: 0, yDeg: 0, diameterDeg: 1.45, edgeDeg: 0.25 });
    expect(withTarget(newPlan(twin), target, twin).constraints.aperture?.diameterDeg).toBe(1.45);
  });

  it('lie in the circle that is dragged from its centre', () => {
    expect(circleOf({ x0: 1, y0: -0.5, x1: 1.3, y1: -0.1 })).toEqual({ xDeg: 1, yDeg: -0.5, radiusDeg: 0.5 });
  });
});

describe('terms of a plan', () => {
  const summed = plan({
    objective: {
      type: 'sum',
      terms: [
        { objective: { type: 'drive' } },
        { weight: -1, objective: { type: 'selective', against: [{ area: 'V2' }] }, target: [v1] },
      ],
    },
  });

  it('are found in the target, the rivals and the parts of a sum', () => {
    expect(termPlaces(summed).map(placeTitle)).toEqual(['Target 1', 'Target 1 of part 2', 'Against 1 of part 2']);
    expect(termAt(summed, { list: 'against', part: 1, index: 0 })?.area).toBe('V2');
  });

  it('change in their place, and an empty list is left out', () => {
    const place = { list: 'against', part: 1, index: 0 } as const;
    const next = withTermAt(summed, place, { area: 'V2', units: ['a'], weight: 1 });
    expect(searchPlan.safeParse(next).success).toBe(true);
    expect(termsAt(next, place)[0]?.units).toEqual(['a']);
    const { objective } = withTermsAt(withTermsAt(summed, place, []), { list: 'target', part: 1 }, []);
    expect(objective).toEqual({
      type: 'sum',
      terms: [
        { weight: 1, objective: { type: 'drive' } },
        { weight: -1, objective: { type: 'selective', over: 'areas', temperature: 1 } },
      ],
    });
  });

  it('keep the objective that is summed', () => {
    const selective = objectiveOfType({ type: 'drive' }, 'selective', '');
    expect(objectiveOfType(selective, 'sum', '')).toEqual({
      type: 'sum',
      terms: [{ weight: 1, objective: { type: 'selective', over: 'areas', temperature: 1 } }],
    });
    for (const type of ['drive', 'suppress', 'selective', 'match', 'sum'] as const) {
      const change = { objective: objectiveOfType(selective, type, 'set-1') };
      expect(searchPlan.safeParse({ ...newPlan(twin), ...change }).success).toBe(true);
    }
  });
});

describe('what keeps an objective from starting', () => {
  const problems = (change: object): string => planProblems(plan(change), twin).join(' ');
  it('is said of circles, limits, weights and goals', () => {
    const within = { xDeg: -3, yDeg: 0, radiusDeg: 0.5 };
    expect(problems({ target: [{ ...v1, within }] })).toContain('centre in the circle');
    expect(problems({ target: [v1], include: { minPredictionScore: 0.3 } })).toContain(
      'No unit of V1 passes the limits (prediction score at least 0.3)',
    );
    expect(problems({ target: [{ ...v1, weight: -1 }], objective: { type: 'selective' } })).toContain('above 0');
    expect(problems({ target: [v1, { area: 'V2' }], objective: { type: 'selective' } })).toContain('no other area');
    expect(planProblems({ ...plan(), objective: objectiveOfType({ type: 'drive' }, 'match', '') }, twin)).toEqual([
      'Choose the stimulus to be matched.',
    ]);
    expect(problems({ objective: { type: 'selective', against: [{ area: 'V5' }] } })).toBe('This twin has no area V5.');
    expect(problems({ objective: { type: 'selective' } })).toBe('');
  });
});

it('a fork says where it comes from, how far that had come, and starts from the best of it', () => {
  const source = {
    id: 'search-1',
    name: 'Drive V1',
    plan: { ...plan({ name: 'x' }), twin: { id: 'v', version: '1.0.0', sha256: 'a'.repeat(64) } },
    trajectory: [
      { step: 1, best: 0, median: 0 },
      { step: 2, best: 1, median: 0 },
    ],
    contentSha256: null,
    state: 'partial' as const,
  };
  const fork = forkOf(source, null);
  expect([fork.name, fork.twin]).toEqual([undefined, { id: 'v' }]);
  expect(fork.forkedFrom).toEqual({ search: 'search-1', name: 'Drive V1', step: 2 });
  expect(searchPlan.safeParse(fork).success).toBe(true);
  const contentSha256 = 'b'.repeat(64);
  const best: StimulusSpec = { type: 'raster', arraySha256: 'c'.repeat(64), sizeDeg: 8 };
  const complete = forkOf({ ...source, state: 'complete', contentSha256 }, best);
  expect(complete.space).toMatchObject({
    startFrom: { from: { design: { type: 'list', stimuli: [best] }, name: 'best of Drive V1' }, index: 0 },
  });
  expect(searchPlan.safeParse(complete).success).toBe(true);
  expect(complete.forkedFrom).toEqual({
    search: 'search-1',
    name: 'Drive V1',
    contentSha256,
  });
});

it('a fork runs on the twins that there are now: on its own, beside it and held out', () => {
  const pinned = (id: string) => ({ id, version: '1.0.0', sha256: 'a'.repeat(64) });
  const behaviour = { running_cm_per_s: 20 };
  const source = {
    id: 'search-1',
    name: 'Drive V1',
    plan: {
      ...plan({
        with: [
          { twin: pinned('w'), as: 'B', behaviour },
          { twin: pinned('x'), as: 'C' },
        ],
        heldOut: [pinned('y'), pinned('z')],
      }),
      twin: pinned('v'),
    },
    trajectory: [],
    contentSha256: null,
    state: 'complete' as const,
  };
  const fork = forkOf(source, null);
  expect(fork.twin).toEqual({ id: 'v' });
  expect(fork.with).toEqual([
    { twin: { id: 'w' }, as: 'B', behaviour },
    { twin: { id: 'x' }, as: 'C' },
  ]);
  expect(fork.heldOut).toEqual([{ id: 'y' }, { id: 'z' }]);
  expect(searchPlan.safeParse(fork).success).toBe(true);
  expect(forkOf({ ...source, plan: plan() }, null)).not.toHaveProperty('with');
});

it('a gauge is empty at nothing, and its tolerance stands at two thirds', () => {
  expect(gaugeShare(0)).toBe(0);
  expect(gaugeShare(1e-6)).toBeCloseTo(6 / 9, 12);
  expect(gaugeShare(1)).toBe(1);
});
