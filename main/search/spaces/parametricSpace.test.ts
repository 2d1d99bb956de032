import { describe, expect, it } from 'vitest';
import { type Constraints, parametricSpace } from '../../contract/plans.ts';
import { stimulusSpec } from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { Random } from '../../platform/random.ts';
import { renderSpec } from '../../stimuli/render.ts';
import type { ModelUnit, SearchField } from '../model.ts';
import { levelAt } from './box.ts';
import { createParametricBox } from './parametricSpace.ts';

const still: SearchField = { sizePx: 64, fieldOfViewDeg: 4, background: 0.5 };
const clips: SearchField = { ...still, frames: 12, frameRateHz: 30 };
const constraints: Constraints = { meanLuminance: 0.5, contrastRms: 0.15, range: [0, 1] };
const units: ModelUnit[] = [
  {
    area: 'V1',
    unit: 'u0',
    place: { xDeg: 0.4, yDeg: -0.7, sizeDeg: 0.8, noiseCeiling: null, predictionScore: null },
  },
  { area: 'V1', unit: 'u1' },
];

const boxOf = (space: object, field = still, changes: Partial<Constraints> = {}) =>
  createParametricBox(
    parametricSpace.parse({ type: 'parametric', ...space }),
    { ...constraints, ...changes },
    field,
    units,
  );

function refusal(space: object, field = still, changes: Partial<Constraints> = {}): string {
  try {
    boxOf(space, field, changes);
  } catch (error) {
    return error instanceof TwinscopeError ? error.message : `a fault: ${String(error)}`;
  }
  return 'none';
}

const gabor = {
  stimulus: 'gabor',
  parameters: { orientationDeg: [0, 180], spatialFrequencyCpd: [1, 4], sigmaDeg: 0.3 },
};
const drifting = {
  stimulus: 'drifting-grating',
  parameters: { directionDeg: [0, 360], spatialFrequencyCpd: [0.5, 2], temporalFrequencyHz: [1, 12], diameterDeg: 2 },
};

describe('a parametric space', () => {
  it('holds single values, maps ranges in equal ratios where these are frequencies and sizes, and takes defaults', () => {
    const box = boxOf({
      stimulus: 'gabor',
      parameters: {
        orientationDeg: [0, 180],
        spatialFrequencyCpd: [1, 4],
        sigmaDeg: [0.1, 1.6],
        xDeg: [-1, 2],
        contrast: 0.5,
      },
    });
    // In the order of the description: orientation, frequency, sigma, x.
    expect(box.genes).toEqual([{ levels: null }, { levels: null }, { levels: null }, { levels: null }]);
    expect(box.spec([0.25, 0.5, 0.5, 0.5])).toEqual({
      type: 'gabor',
      orientationDeg: 45,
      spatialFrequencyCpd: expect.closeTo(2, 12),
      phaseDeg: 0,
      contrast: 0.5,
      sigmaDeg: expect.closeTo(0.4, 12),
      aspectRatio: 1,
      xDeg: 0.5,
      yDeg: 0,
    });
  });

  it('gives valid descriptions within the bounds for any coordinates, of every generator', () => {
    const spaces = [
      gabor,
      drifting,
      {
        stimulus: 'grating',
        parameters: { orientationDeg: [20, 50], spatialFrequencyCpd: { values: [1, 2] }, diameterDeg: [0.1, 3] },
      },
      {
        stimulus: 'noise',
        parameters: { spectrum: { values: ['white', 'pink'] }, contrastRms: [0.1, 0.3], diameterDeg: 2, seed: [0, 99] },
      },
      {
        ...drifting,
        stimulus: 'counterphase-grating',
        parameters: { ...drifting.parameters, orientationDeg: [0, 180], directionDeg: undefined },
      },
      {
        stimulus: 'drifting-plaid',
        parameters: { ...drifting.parameters, plaidAngleDeg: [60, 150], componentContrast: [0.1, 0.5] },
      },
      {
        stimulus: 'random-dots',
        parameters: { directionDeg: [0, 360], speedDegPerS: [0.5, 8], coherence: [0, 1], diameterDeg: 2, seed: [3, 8] },
      },
    ];
    const random = Random.fromSeed(1, 'points');
    for (const space of spaces) {
      const parameters = Object.fromEntries(
        Object.entries(space.parameters).filter(([, range]) => range !== undefined),
      );
      const box = boxOf({ ...space, parameters }, clips);
      for (let trial = 0; trial < 300; trial++) {
        const spec = box.spec(box.genes.map(() => 4 * random.normal()));
        expect(stimulusSpec.parse(spec)).toEqual(spec);
        for (const [name, range] of Object.entries(parameters)) {
          const value = (spec as unknown as Record<string, number | string>)[name] as number;
          const possible =
            Array.isArray(range) && typeof range[0] === 'number'
              ? value >= range[0] && value <= (range[1] as number)
              : typeof range === 'object'
                ? (range as { values: unknown[] }).values.includes(value)
                : value === range;
          expect(possible, `${name} of ${value}`).toBe(true);
        }
        expect(!('seed' in spec) || Number.isInteger(spec.seed)).toBe(true);
      }
    }
  });

  it('gives each of the values the same share of the box, and neighbours that differ', () => {
    for (const wraps of [true, false]) {
      for (const levels of [2, 3, 5]) {
        const counts = new Map<number, number>();
        for (let i = 0; i < 1000 * levels; i++) {
          const level = levelAt((i + 0.5) / (1000 * levels), levels, wraps);
          counts.set(level, (counts.get(level) ?? 0) + 1);
        }
        expect([...counts.values()]).toEqual(Array.from({ length: levels }, () => 1000));
        for (let cell = -3 * levels; cell < 3 * levels; cell++) {
          const [here, next] = [cell, cell + 1].map((at) => levelAt((at + 0.5) / levels, levels, wraps));
          expect(here).not.toBe(next);
          // Ordered values change by one step at a time.
          expect(wraps || Math.abs((here as number) - (next as number)) === 1).toBe(true);
        }
      }
    }
  });

  it('is continuous as pictures across the turn of bars and phase', () => {
    const box = boxOf({ ...gabor, parameters: { ...gabor.parameters, phaseDeg: [0, 360], xDeg: [-1, 1] } });
    for (const dimension of [0, 1, 2, 3]) {
      for (const at of [-1, 0, 1, 2]) {
        const point = [0.3, 0.4, 0.2, 0.6];
        const [a, b] = [at - 1e-9, at + 1e-9].map((t) => renderSpec(box.spec(point.with(dimension, t)), still));
        const difference = Math.max(
          ...(a as Float32Array).map((value, i) => Math.abs(value - ((b as Float32Array)[i] as number))),
        );
        expect(difference).toBeLessThan(1e-6);
      }
    }
  });

  it('puts centre and size on a receptive field', () => {
    const place = { area: 'V1', unit: 'u0', scale: 1.5 };
    const { sigmaDeg: _, ...open } = gabor.parameters;
    expect(boxOf({ stimulus: 'gabor', parameters: open, place }).spec([0, 0])).toMatchObject({
      xDeg: 0.4,
      yDeg: -0.7,
      sigmaDeg: expect.closeTo((1.5 * 0.8) / 4, 12),
    });
    expect(boxOf({ ...gabor, place }).spec([0, 0])).toMatchObject({ xDeg: 0.4, sigmaDeg: 0.3 });
    const grating = { orientationDeg: [0, 180], spatialFrequencyCpd: 2 };
    expect(boxOf({ stimulus: 'grating', parameters: grating, place }).spec([0])).toMatchObject({
      diameterDeg: expect.closeTo(1.2, 12),
    });
  });
});

describe('refusals of a parametric space', () => {
  it('names the nearest parameter, and parameters that are needed', () => {
    expect(refusal({ ...gabor, parameters: { ...gabor.parameters, orientatonDeg: 0 } })).toMatch(
      /Gabors have no parameter 'orientatonDeg'; the nearest name is 'orientationDeg'.*aspectRatio, xDeg, yDeg/,
    );
    expect(refusal({ stimulus: 'gabor', parameters: { orientationDeg: [0, 180], sigmaDeg: 1 } })).toMatch(
      /Gabors need spatialFrequencyCpd/,
    );
  });

  it('names values that a parameter cannot have, and empty or reversed bounds', () => {
    const changed = (changes: object) => refusal({ ...gabor, parameters: { ...gabor.parameters, ...changes } });
    expect(changed({ contrast: [0.1, 1.5] })).toMatch(/contrast cannot be 1\.5/);
    expect(changed({ sigmaDeg: [0, 1] })).toMatch(/sigmaDeg cannot be 0/);
    expect(changed({ xDeg: 'left' })).toMatch(/xDeg cannot be 'left'/);
    expect(changed({ xDeg: { values: [0, 120] } })).toMatch(/xDeg cannot be 120/);
    expect(changed({ xDeg: [1, -1] })).toMatch(/bounds of xDeg run from 1 down to -1\..*\[-1, 1\]/);
    expect(changed({ orientationDeg: 0, spatialFrequencyCpd: [2, 2] })).toMatch(/nothing to search/);
    const noise = {
      stimulus: 'noise',
      parameters: { spectrum: 'white', contrastRms: 0.2, diameterDeg: 1, seed: [0, 1.5] },
    };
    expect(refusal(noise)).toMatch(/seed cannot be 1\.5/);
  });

  it('names bounds beyond the Nyquist limits and the range', () => {
    const changed = (changes: object, field = still, range: [number, number] = [0, 1]) =>
      refusal({ ...gabor, parameters: { ...gabor.parameters, ...changes } }, field, { range });
    expect(changed({ spatialFrequencyCpd: [1, 9] })).toMatch(
      /up to 9 cpd need 18 px per degree; this twin has 16.*to 8\./,
    );
    expect(changed({ spatialFrequencyCpd: { values: [1, 9] } })).toMatch(/up to 9 cpd/);
    expect(changed({ spatialFrequencyCpd: [1, 8] })).toBe('none');
    expect(changed({ contrast: [0, 1] }, still, [0.2, 1])).toMatch(
      /contrast of up to 1 leaves the luminance range.*to 0\.6/,
    );
    expect(refusal({ ...drifting, stimulus: 'drifting-plaid' }, clips, { range: [0.2, 0.8] })).toMatch(
      /componentContrast of up to 0\.5 leaves.*to 0\.3/,
    );
    expect(
      refusal({ ...drifting, parameters: { ...drifting.parameters, temporalFrequencyHz: [1, 20] } }, clips),
    ).toMatch(/has 30 frames per second, and a drift of 20 Hz needs more than 40.*below 15 Hz/);
    const dots = {
      stimulus: 'random-dots',
      parameters: {
        directionDeg: [0, 360],
        speedDegPerS: 2,
        coherence: 1,
        diameterDeg: 2,
        lifetimeS: [0.01, 1],
        seed: 1,
      },
    };
    expect(refusal(dots, clips)).toMatch(/dots that live 0\.01 s need at least 100/);
    expect(refusal({ ...drifting, parameters: { ...drifting.parameters, temporalFrequencyHz: { values: [0] } } })).toBe(
      'none',
    );
    expect(refusal(drifting)).toMatch(/sees still pictures, and these stimuli move/);
    expect(refusal(gabor, still, { meanLuminance: 0.4 })).toMatch(/background luminance of 0\.5, not on 0\.4/);
    const noise = {
      stimulus: 'noise',
      parameters: { spectrum: 'white', contrastRms: 0.2, diameterDeg: 1, seed: [0, 5] },
    };
    expect(refusal(noise, still, { range: [0.1, 1] })).toMatch(/Noise reaches from black to white/);
    expect(refusal(noise)).toBe('none');
  });

  it('names units without a place, and places that are stated twice', () => {
    expect(refusal({ ...gabor, place: { area: 'V1', unit: 'u1' } })).toMatch(/does not tell where V1 unit u1/);
    expect(refusal({ ...gabor, place: { area: 'V1', unit: 'u7' } })).toMatch(/no unit 'u7'; the nearest name is 'u0'/);
    expect(
      refusal({ ...gabor, parameters: { ...gabor.parameters, xDeg: [-1, 1] }, place: { area: 'V1', unit: 'u0' } }),
    ).toMatch(/states xDeg, and also that it is that of V1 unit u0/);
  });
});
