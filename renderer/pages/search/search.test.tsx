import { MantineProvider } from '@mantine/core';
import { renderToStaticMarkup } from 'react-dom/server';
import type { ReactElement } from 'react';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PresetSummary } from '../../../main/contract/presets.ts';
import {
  firstOrderOptimiser,
  pixelSpace,
  plan as anyPlan,
  searchPlan,
  type SearchPlan,
} from '../../../main/contract/plans.ts';
import type { Candidate, Control, SearchReport, SearchSummary } from '../../../main/contract/results.ts';
import type { StimulusSpec } from '../../../main/contract/stimuli.ts';
import type { TwinDetails, TwinUnit } from '../../../main/contract/twins.ts';
import { Random } from '../../../main/platform/random.ts';
import { objectiveText } from '../../../main/stimuli/objectiveWords.ts';
import { cropTo, zoomedDeg } from './CandidateTile.tsx';
import { claimsOf, controlName, methodText, targetFirst } from './claims.ts';
import { compareRows } from './CompareView.tsx';
import { ControlStrip } from './ControlStrip.tsx';
import { apertureFor, newPlan, planProblems, withAperture, withSpace } from './plan.ts';
import { planJson, planYaml } from './planText.ts';
import { presetsFor, publishedPresets } from './presets.ts';
import { NamedPicture } from './SearchList.tsx';
import { referenceSentence } from './ReferenceEditor.tsx';
import { Trajectory } from './Trajectory.tsx';

const unit = (
  area: string,
  name: string,
  xDeg: number | null,
  yDeg: number | null,
  sizeDeg: number | null,
): TwinUnit => ({
  unit: name,
  area,
  index: 0,
  xDeg,
  yDeg,
  sizeDeg,
  extra: {},
});
const twin = (areas: string[], units: TwinUnit[], inputGradient = 'derived'): TwinDetails =>
  ({
    summary: { id: 'v1', fieldOfViewDeg: 8 },
    manifest: { areas: areas.map((name) => ({ name })), capabilities: { inputGradient } },
    units,
  }) as unknown as TwinDetails;
const v1 = twin(
  ['V1-simple', 'V1-complex'],
  [
    unit('V1-simple', '0', 1, -0.5, 0.8),
    unit('V1-simple', '1', -1, -0.5, 0.8),
    unit('V1-complex', '0', null, null, null),
  ],
);

describe('a new plan', () => {
  it('drives one unit through an aperture of three standard deviations', () => {
    const plan = newPlan(v1);
    expect(plan.target).toEqual([{ area: 'V1-simple', units: ['0'], weight: 1 }]);
    expect([plan.space.type, plan.optimiser.type]).toEqual(['pixels', 'gradient']);
    // ±2 sd is .8°, so ±3 sd is 1.2°; the edge is .25° wide.
    expect(plan.constraints.aperture).toEqual({ xDeg: 1, yDeg: -0.5, diameterDeg: 1.45, edgeDeg: 0.25 });
    expect(anyPlan.safeParse(plan).success).toBe(true);
    expect(planProblems(plan, v1)).toEqual([]);
  });

  it('takes area and units from the address', () => {
    const plan = newPlan(v1, new URLSearchParams('area=V1-simple&unit=1,0,99'));
    expect(plan.target).toEqual([{ area: 'V1-simple', units: ['1', '0'], weight: 1 }]);
    // Both fields: from −1.6 to 1.6, radius 1 + .6.
    expect(plan.constraints.aperture).toEqual({ xDeg: 0, yDeg: -0.5, diameterDeg: 3.45, edgeDeg: 0.25 });
  });

  it('has no aperture for whole areas and for units without a field, and none larger than the twin sees', () => {
    expect(apertureFor([{ area: 'V1-simple', weight: 1 }], v1)).toBeUndefined();
    expect(apertureFor([{ area: 'V1-complex', units: ['0'], weight: 1 }], v1)).toBeUndefined();
    const wide = twin(['IT'], [unit('IT', 'a', 0, 0, 12)]);
    expect(apertureFor([{ area: 'IT', units: ['a'], weight: 1 }], wide)?.diameterDeg).toBe(8);
  });

  it('searches gratings where a twin has no gradient', () => {
    const plan = newPlan(twin(['MT'], [], 'none'));
    expect([plan.space.type, plan.optimiser.type]).toEqual(['gratings', 'cma-es']);
    expect(planProblems(withSpace(plan, 'pixels', null), twin(['MT'], [], 'none'))[0]).toContain('no gradient');
  });

  it('takes the best photograph as a control where there are photographs', () => {
    const photographs = { id: 'set-1', name: 'p', type: 'images', description: '', count: 3, createdAt: '' } as const;
    expect(newPlan(v1, new URLSearchParams(), photographs).controls).toEqual({
      random: 999,
      phaseScrambled: 99,
      sameSpace: 'equal',
      bestOfReference: true,
      bestOf: { set: 'set-1' },
    });
  });

  it('offers the presets that the twin has areas for', () => {
    const plan = { ...newPlan(v1), starts: 7 };
    const presets = presetsFor(v1, plan);
    expect(presets.map((preset) => preset.title)).toEqual([
      'Drive one unit',
      'Selective: V1-simple and no other area',
      'Drive V1-complex, not V1-simple',
      'Drive V1-simple, not V1-complex',
    ]);
    expect(presets[1]?.plan).toMatchObject({
      target: [{ area: 'V1-simple', weight: 1 }],
      objective: { type: 'selective', over: 'areas', temperature: 1 },
    });
    expect(presets[2]?.plan.target).toEqual([
      { area: 'V1-complex', weight: 1 },
      { area: 'V1-simple', weight: -1 },
    ]);
    for (const preset of presets) {
      expect(preset.plan.starts).toBe(7);
      expect(searchPlan.safeParse(preset.plan).success).toBe(true);
      expect(planProblems(preset.plan, v1)).toEqual([]);
    }
    const ventral = twin(['V4', 'IT'], []);
    expect(presetsFor(ventral, newPlan(ventral)).map((preset) => preset.title)).toContain('Drive V4, not IT');
  });

  it('follows published procedures on its own target, where the twin has what they need', () => {
    const plan = { ...newPlan(v1), starts: 7 };
    const published: PresetSummary[] = [
      {
        id: 'p',
        title: 'P',
        citation: 'Somebody 2020',
        uncertain: null,
        plan: {
          space: pixelSpace.parse({ type: 'pixels', start: 'white' }),
          optimiser: firstOrderOptimiser.parse({ type: 'first-order', rule: 'adam' }),
          constraints: { ...plan.constraints, contrastRms: 0.1 },
        },
      },
    ];
    const [preset] = publishedPresets(published, v1, plan);
    expect([preset?.title, preset?.citation]).toEqual(['P', 'Somebody 2020']);
    expect(preset?.plan).toMatchObject({
      target: plan.target,
      objective: { type: 'drive' },
      optimiser: { type: 'first-order', rule: 'adam' },
      constraints: { contrastRms: 0.1, aperture: plan.constraints.aperture },
      starts: 7,
    });
    expect(planProblems(preset?.plan as SearchPlan, v1)).toEqual([]);
    expect(publishedPresets(published, twin(['MT'], [], 'none'), plan)).toEqual([]);
  });

  it('keeps every space valid with its optimiser', () => {
    for (const type of ['pixels', 'gratings', 'set'] as const) {
      const plan = withSpace(newPlan(v1), type, { set: 'photographs' });
      expect(searchPlan.safeParse(plan).success).toBe(true);
      expect(plan.space.type).toBe(type);
      expect(plan.constraints.aperture === undefined).toBe(type !== 'pixels');
      expect(planProblems(plan, v1)).toEqual([]);
    }
  });

  it('searches gratings where the target looks', () => {
    const far = withAperture(newPlan(v1), { xDeg: 3.1, yDeg: -0.5, diameterDeg: 1, edgeDeg: 0.25 });
    const { space } = withSpace(far, 'gratings', null);
    expect(space).toMatchObject({ xDeg: [-2, 4], yDeg: [-2, 2] });
  });

  it('says what keeps it from starting', () => {
    const plan = newPlan(v1);
    const problems = (change: Partial<SearchPlan>) => planProblems({ ...plan, ...change }, v1).join(' ');
    expect(problems({ target: [] })).toContain('at least one area');
    expect(problems({ target: [{ area: 'V1-simple', units: [], weight: 1 }] })).toContain('Choose units');
    expect(problems({ target: [{ area: 'V1-simple', weight: 0 }] })).toContain('zero');
    expect(problems({ constraints: { ...plan.constraints, meanLuminance: 0.9, range: [0, 0.8] } })).toContain(
      '0 to 0.8',
    );
    expect(planProblems(withSpace(plan, 'set', null), v1)).toEqual(['Choose the set to screen.']);
  });
});

describe('plan as text', () => {
  it('reads back as the same plan, also with awkward strings', () => {
    const plan = {
      ...withAperture(newPlan(v1), { xDeg: -0.5, yDeg: 1e-7, diameterDeg: 2, edgeDeg: 0 }),
      name: 'yes: "no" # – [1]\nnext',
      empty: {},
      none: [],
      nested: [[1, 2], { a: [{ b: 'true' }] }, 'on', '12', '', ' x'],
      'odd key:': null,
    };
    expect(parse(planYaml(plan))).toEqual(JSON.parse(JSON.stringify(plan)));
    expect(JSON.parse(planJson(plan))).toEqual(JSON.parse(JSON.stringify(plan)));
    expect(planYaml(newPlan(v1))).toContain('  - area: V1-simple\n    units: ["0"]\n    weight: 1\n');
  });
});

const control = (change: Partial<Control>): Control => ({
  kind: 'random',
  label: 'random images',
  n: 999,
  best: 2.5,
  median: 0.1,
  values: Array.from({ length: 999 }, () => 1),
  beaten: true,
  spec: null,
  sourceSpec: null,
  sha256: null,
  thumbnail: null,
  ...change,
});
const candidate = { objective: 3.21 } as Candidate;

describe('controls', () => {
  it('have names that tell the two random ones apart', () => {
    expect(controlName(control({}))).toBe('random 999');
    expect(controlName(control({ kind: 'same-space', label: '999 random gratings of the same space' }))).toBe(
      'random gratings',
    );
    expect(controlName(control({ kind: 'best-of-set' }))).toBe('best image');
  });

  it('are called clips where they move', () => {
    const sourceSpec: StimulusSpec = {
      type: 'counterphase-grating',
      orientationDeg: 0,
      spatialFrequencyCpd: 1,
      temporalFrequencyHz: 4,
      phaseDeg: 0,
      contrast: 0.4,
      diameterDeg: 2,
      edgeDeg: 0.25,
      xDeg: 0,
      yDeg: 0,
    };
    expect(controlName(control({ kind: 'best-of-set', sourceSpec }))).toBe('best clip');
    expect(controlName(control({ kind: 'best-of-set', sourceSpec: { ...sourceSpec, temporalFrequencyHz: 0 } }))).toBe(
      'best image',
    );
    const label = '999 pink noise clips of the same mean and RMS contrast (the search used 128 evaluations)';
    const [claim] = claimsOf(candidate, [control({ label })]);
    expect(claim?.text).toMatch(/so fewer than 0\.3 % of such clips would \(95 % confidence\)\.$/);
  });

  it('stand beside each other in a comparison, whatever their number', () => {
    const report = (change: Partial<SearchReport>): SearchReport =>
      ({
        plan: newPlan(v1),
        candidates: [],
        controls: [],
        referenceName: 'r',
        evaluations: 1200,
        controlEvaluations: 999,
        seconds: 2,
        ...change,
      }) as SearchReport;
    const rows = compareRows(report({ controls: [control({ n: 99 })] }), report({ controls: [control({ best: 3 })] }));
    expect(rows.find((row) => row.label === 'Objective')?.values[0]).toBe('drive V1-simple unit 0');
    const match = report({
      plan: { ...newPlan(v1), objective: { type: 'match', goal: { from: { set: 'set-1' }, index: 2 } } },
      provenance: { sets: { 'goal 0': { name: 'Scenes', sha256: '' } } } as unknown as SearchReport['provenance'],
      candidates: [{ objective: -0.5, areas: [] } as unknown as Candidate],
    });
    const mixed = compareRows(match, report({}));
    expect(mixed.find((row) => row.label === 'Objective')?.values[0]).toBe(
      'match V1-simple unit 0 to stimulus 3 of Scenes',
    );
    expect(mixed.find((row) => row.label === 'Started from')?.values[0]).toBe('pink noise');
    expect(mixed.find((row) => row.label === 'Value of the best candidate')?.values[0]).toBe('error 0.5 z²');
    expect(rows.find((row) => row.label === 'Best of random images')?.values).toEqual([
      '2.5 z (n = 99)',
      '3 z (n = 999)',
    ]);
    expect(rows.find((row) => row.label === 'Evaluations')?.values[0]).toBe(
      '1,200 evaluations, of which 999 for controls',
    );
    const one = compareRows(report({}), report({ controls: [control({})] }));
    expect(one.find((row) => row.label === 'Best of random images')?.values[0]).toBe('not measured');
  });
});

describe('claims', () => {
  it('name the control, its number and the margin', () => {
    expect(claimsOf(candidate, [control({})])).toEqual([
      {
        beaten: true,
        text:
          'Beats random images (n = 999): 3.21 z against 2.5 z; none of 999 reaches it, so fewer than 0.3 % of such ' +
          'images would (95 % confidence).',
      },
    ]);
    expect(
      claimsOf(candidate, [
        control({ kind: 'best-grating', label: 'best of 128 gratings', n: 128, best: 3, values: [3] }),
      ])[0],
    ).toEqual({ beaten: true, text: 'Beats best of 128 gratings: 3.21 z against 3 z.' });
  });

  it('are counted in the unit of the objective', () => {
    const matched = { objective: -0.2 } as Candidate;
    const [claim] = claimsOf(matched, [control({ best: -1.3, values: [-1.3], n: 1, label: 'best image' })], 'match');
    expect(claim).toEqual({ beaten: true, text: 'Beats best image: error 0.2 z² against error 1.3 z².' });
    const selective = { objective: 2 } as Candidate;
    expect(claimsOf(selective, [control({ best: 1, values: [1], n: 1 })], 'selective')[0]?.text).toBe(
      'Beats random images: 2 nats of z against 1 nats of z.',
    );
  });

  it('say plainly when a control is not beaten', () => {
    const [claim] = claimsOf(candidate, [control({ best: 4, values: [1, 3.5, 4] })]);
    expect(claim).toEqual({
      beaten: false,
      text: 'Does not beat random images (n = 999): 3.21 z against 4 z; 2 of 3 reach it.',
    });
  });

  it('put the target first and say it in words', () => {
    const plan: SearchPlan = {
      ...newPlan(v1),
      target: [
        { area: 'V1-complex', weight: 1 },
        { area: 'V1-simple', weight: -1 },
      ],
    };
    expect(
      targetFirst([{ area: 'V4' }, { area: 'V1-simple' }, { area: 'V1-complex' }], plan).map((row) => row.area),
    ).toEqual(['V1-complex', 'V1-simple', 'V4']);
    expect(objectiveText(plan)).toBe('drive V1-complex, suppress V1-simple');
    expect(methodText(plan)).toBe('pixels, gradient ascent, 120 steps');
    const space = { type: 'parametric', stimulus: 'drifting-plaid', parameters: {} };
    const method = (optimiser: object, over: object = space) =>
      methodText(searchPlan.parse({ ...plan, space: over, optimiser }) as SearchPlan);
    expect(method({ type: 'cma-es', covariance: 'diagonal' })).toBe(
      'drifting plaids, diagonal CMA-ES, 4,000 evaluations',
    );
    expect(method({ type: 'genetic', evaluations: 1 })).toBe('drifting plaids, genetic algorithm, 1 evaluation');
    expect(method({ type: 'screening', samples: 1_000_000 })).toBe(
      'drifting plaids, screening of 1,000,000 samples, best 16',
    );
    const hybrid = { type: 'hybrid', refine: { type: 'gradient', steps: 60 } };
    expect(method(hybrid)).toBe('drifting plaids, screening of 10,000 samples, then gradient ascent, 60 steps');
    expect(method(hybrid, { type: 'set', stimuli: { set: 'a' } })).toBe(
      'a stimulus set, screening, then gradient ascent, 60 steps',
    );
  });
});

const draw = (plot: ReactElement): string =>
  renderToStaticMarkup(plot).replace(
    '<svg ',
    '<svg xmlns="http://www.w3.org/2000/svg" color="#1a1a1a" font-family="Inter, sans-serif" ',
  );
const keep = (name: string, svg: string) =>
  expect(svg.replaceAll('><', '>\n<')).toMatchFileSnapshot(`gallery/${name}.svg`);

it('a zoomed tile is centred on the aperture and stays inside the picture', () => {
  expect(cropTo(undefined, 8)).toEqual({ scale: 1, left: 0, top: 0 });
  // 1.6° of aperture fill .8 of 2°: four times as large; x = +1° lies at (.5 + .125)·4 = 2.5 tiles, centred at .5.
  expect(cropTo({ xDeg: 1, yDeg: 1, diameterDeg: 1.35, edgeDeg: 0.25 }, 8)).toEqual({ scale: 4, left: -2, top: -1 });
  const corner = cropTo({ xDeg: 4, yDeg: 4, diameterDeg: 1.35, edgeDeg: 0.25 }, 8);
  expect(corner.left).toBe(-3);
  expect(corner.top).toBeCloseTo(0, 12);
  // On a field ten times as large everything that is ten times as large looks the same.
  const tenfold = { xDeg: 10, yDeg: 10, diameterDeg: 13.5, edgeDeg: 2.5 };
  expect(cropTo(tenfold, 80)).toEqual({ scale: 4, left: -2, top: -1 });
  expect(zoomedDeg(tenfold, 80)).toBe(20);
  expect(zoomedDeg(tenfold, 12)).toBe(12);
});

it('an earlier search shows its candidate as large as the aperture allows, and how wide that is', () => {
  const earlier = (thumbnail: string | null, aperture: SearchSummary['aperture']) =>
    renderToStaticMarkup(
      <MantineProvider>
        <NamedPicture search={{ name: 'Drive', thumbnail, aperture } as SearchSummary} />
      </MantineProvider>,
    );
  const small = earlier('/a.png?spec=1', { xDeg: 1, yDeg: 1, diameterDeg: 1.35, edgeDeg: 0.25 });
  // Four times the tile of 32 px, moved by two tiles and one.
  expect(small).toContain('width:128px;height:128px;left:-64px;top:-32px');
  expect(small).toContain('2° shown');
  const wide = earlier('/a.png?spec=1&deg=80', { xDeg: 5, yDeg: 0, diameterDeg: 30, edgeDeg: 0.25 });
  expect(wide).toContain('38° shown');
  const whole = earlier('/a.png?spec=1&deg=80', null);
  expect(whole).toContain('width:32px;height:32px;left:0;top:0');
  expect(whole).toContain('80° shown');
  expect(earlier(null, null)).not.toMatch(/shown|<img/);
});

describe('plots', () => {
  it('trajectory: bands behind, best above median, axis to the planned step', async () => {
    const points = Array.from({ length: 60 }, (_, step) => ({
      step,
      best: 4 * (1 - 0.95 ** step),
      median: 3 * (1 - 0.95 ** step),
    }));
    const svg = draw(
      <Trajectory
        width={560}
        points={points}
        steps={120}
        bands={[
          { label: 'random 999', low: 0.1, high: 1.4 },
          { label: 'best grating', low: 2.5, high: 2.5 },
        ]}
        colour="#0072B2"
        title="drive (z)"
      />,
    );
    expect(svg.match(/data-band/g)).toHaveLength(2);
    expect(svg.indexOf('data-band')).toBeLessThan(svg.indexOf('data-line'));
    expect(svg).toContain('drive (z)');
    expect(svg).toContain('>120<');
    const ys = (name: string) =>
      [...(new RegExp(`d="([^"]+)"[^>]*data-line="${name}"`).exec(svg)?.[1] ?? '').matchAll(/,([\d.]+)/g)].map((m) =>
        Number(m[1]),
      );
    expect(ys('best')).toHaveLength(60);
    expect(ys('best').every((y, index) => y <= (ys('median')[index] as number))).toBe(true);
    await keep('trajectory', svg);
  });

  it('trajectory: empty before the first step', () => {
    const svg = draw(<Trajectory width={400} points={[]} steps={100} bands={[]} colour="#000" title="drive (z)" />);
    expect(svg).toContain('d=""');
    expect(svg).not.toContain('NaN');
  });

  it('controls: median and best of every control on the scale of the candidate', async () => {
    const random = Random.fromSeed(5, 'control strip');
    const values = Array.from({ length: 999 }, () => 0.5 * random.normal());
    const svg = draw(
      <ControlStrip
        width={360}
        candidate={3.2}
        colour="#0072B2"
        title="drive (z)"
        rows={[
          { label: 'random 999', values },
          { label: 'best grating', values: [2.4] },
        ]}
      />,
    );
    expect(svg.match(/data-control/g)).toHaveLength(2);
    const circles = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map((m) => Number(m[1]));
    expect(circles[0]).toBeLessThan(circles[1] as number);
    expect(svg).not.toContain('NaN');
    await keep('control-strip', svg);
  });
});

describe('the reference set of a plan', () => {
  const state = {
    twin: { id: 'v1', version: '1.0.0' },
    name: 'TSR-1, half A (512 images)',
    stimuli: 512,
    notice: null,
    device: 'cpu',
    deviceLabel: 'CPU',
    measured: null,
    secondsToMeasure: null,
  } as const;
  const now = new Date(2026, 11, 1, 12);
  const at = new Date(2026, 10, 30, 12).toISOString();

  it('says when it was measured, or what measuring will take', () => {
    expect(referenceSentence({ ...state, measured: { at, seconds: 9 } }, now)).toBe(
      'TSR-1, half A (512 images): measured 30 Nov on this computer (CPU).',
    );
    expect(referenceSentence({ ...state, measured: { at, seconds: 9 } }, new Date(2027, 0, 1))).toContain(
      '30 Nov 2026',
    );
    expect(referenceSentence(state)).toBe(
      'TSR-1, half A (512 images): not measured on this computer (CPU) yet. The next search shows its 512 stimuli first; those after it need not.',
    );
    expect(referenceSentence({ ...state, deviceLabel: 'WebGPU', secondsToMeasure: 21.4 })).toMatch(
      /\(WebGPU\) yet\. .* first, about 21 s; those/,
    );
  });
});
