import { expect, it } from 'vitest';
import { searchPlan, type SearchPlan } from '../contract/plans.ts';
import { inclusionText, objectiveText, scoreWords, targetText, unitsText } from './objectiveWords.ts';

const text = (objective: object, target: object[] = [{ area: 'V4' }]): string =>
  objectiveText(
    searchPlan.parse({
      format: 1,
      kind: 'search',
      twin: 'a',
      target,
      objective,
      space: { type: 'pixels' },
      optimiser: { type: 'gradient' },
    }) as SearchPlan,
  );

it('names the units of a term', () => {
  const within = { xDeg: 1, yDeg: -0.5, radiusDeg: 0.75 };
  expect(unitsText({ area: 'IT' })).toBe('IT');
  expect(unitsText({ area: 'IT', units: ['7'] })).toBe('IT unit 7');
  expect(unitsText({ area: 'IT', units: ['7', '8'] })).toBe('2 units of IT');
  expect(unitsText({ area: 'IT', within })).toBe('units of IT within 0.75° of (1, −0.5)°');
  expect(unitsText({ area: 'IT', units: ['7', '8'], within })).toBe('2 units of IT within 0.75° of (1, −0.5)°');
});

it('says what is driven and what is suppressed, also where suppressing is the aim', () => {
  const target = [
    { area: 'A', weight: 1 },
    { area: 'B', weight: -0.5 },
  ];
  expect(targetText(target)).toBe('drive A, suppress B × 0.5');
  expect(targetText(target, 'suppress')).toBe('suppress A, drive B × 0.5');
});

it('says every objective in words', () => {
  expect(text({ type: 'drive' })).toBe('drive V4');
  expect(text({ type: 'suppress' })).toBe('suppress V4');
  expect(text({ type: 'selective' })).toBe('drive V4 alone, against every other area');
  expect(text({ type: 'selective', over: 'units', temperature: 1.6 }, [{ area: 'V4', units: ['3'] }])).toBe(
    'drive V4 unit 3 alone, against every other unit of V4 (T = 1.6 z)',
  );
  expect(text({ type: 'selective', against: [{ area: 'V1' }, { area: 'V2' }, { area: 'IT' }] })).toBe(
    'drive V4 alone, against V1, V2 and IT',
  );
  expect(text({ type: 'match', goal: { from: { set: 'Scenes' }, index: 2 } })).toBe('match V4 to stimulus 3 of Scenes');
  expect(text({ type: 'match', goal: { z: [{ area: 'V4', unit: '1', z: 2 }] } })).toBe(
    'match V4 to responses given in the plan',
  );
  expect(
    text({
      type: 'sum',
      terms: [
        { objective: { type: 'drive' } },
        { weight: -2, objective: { type: 'match', goal: { from: { set: 'S' } } }, target: [{ area: 'V1', weight: 3 }] },
      ],
    }),
  ).toBe('(drive V4) − 2 × (match V1 × 3 to stimulus 1 of S)');
});

it('says on which twins, and calls areas of others by their label', () => {
  expect(text({ type: 'controversial' })).toBe('drive V4 on the first twin, not on the second');
  expect(text({ type: 'controversial', between: ['B', 'A'] })).toBe('drive V4 on twin B, not on A');
  expect(text({ type: 'ensemble' })).toBe('drive V4 on every twin');
  expect(text({ type: 'ensemble', twins: ['A', 'C'], kappa: 0.5 })).toBe('drive V4 on twins A and C (κ = 0.5)');
  expect(text({ type: 'drive' }, [{ area: 'V4' }, { twin: 'B', area: 'V4', weight: -1 }])).toBe(
    'drive V4, suppress B: V4',
  );
});

it('counts each objective in its own unit', () => {
  expect(scoreWords('drive').text(3.214)).toBe('3.21 z');
  expect(scoreWords('selective').text(1.5)).toBe('1.5 nats of z');
  expect(scoreWords('selective').short(1.5)).toBe('1.5 nats');
  expect(scoreWords('match').text(-0.25)).toBe('error 0.25 z²');
  expect(scoreWords('match').text(0)).toBe('error 0 z²');
  expect(scoreWords('sum').text(2)).toBe('2');
  expect(scoreWords('match').axis).not.toContain('drive');
});

it('names limits, and nothing where there are none', () => {
  expect(inclusionText({ fieldInside: false })).toBe('');
  expect(inclusionText({ fieldInside: true, minNoiseCeiling: 0.3 })).toBe(
    'noise ceiling at least 0.3, receptive field inside the field of view',
  );
});
