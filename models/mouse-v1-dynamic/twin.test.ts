/** The mouse twin against its definition, and what eye, running, pupil and state do to it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeBank, mixture } from './bank.ts';
import { buildModel, buildTwin } from './index.ts';
import { createReference } from './reference.ts';
import { sampleUnits } from './sampling.ts';
import {
  behaviourTensor,
  blankClip,
  clipFrames,
  clipOf,
  drifting,
  openBench,
  unitCount,
  windowMeans,
  type Bench,
} from './testing/bench.ts';
import { difference, halvesAgainstWhole, scene } from './testing/science.ts';

const units = sampleUnits(1);
const grating = drifting({ directionDeg: 30, cpd: 0.04, hz: 2, contrast: 0.8 });
let bench: Bench;
let rest: Float32Array;

beforeAll(async () => {
  bench = await openBench();
  rest = await bench.background();
}, 120_000);

const evoked = async (behaviour: Parameters<Bench['run']>[1]): Promise<number[]> => {
  const start = await bench.background(behaviour);
  const means = windowMeans(await bench.run(grating, behaviour, start));
  return units.map(({ spontaneous }, u) => (means[u] as number) - spontaneous);
};
/** Units whose response to the grating is not small. */
const driven = (values: readonly number[]): number[] =>
  values.flatMap((value, u) => (value > 0.02 * Math.max(...values) ? [u] : []));

describe('the graph', () => {
  it.each([
    ['the shipped population', {}],
    ['a sibling of another population', { seed: 7, perturbation: 0.1 }],
  ])('agrees with a second evaluation in float64: %s', async (_name, options) => {
    const frames = 5;
    const noisy = drifting({ directionDeg: 200, cpd: 0.06, hz: 4, contrast: 0.7 }, frames).map(
      (value, i) => 0.8 * value + 0.2 * ((i * i * 0.6180339887498949) % 1),
    );
    const behaviour = {
      eyeXDeg: [3.3, -4.1, 2, 0, 7.25],
      eyeYDeg: [1, -2.5, 0.7, 8, -3],
      runningCmPerS: [0, 12, 30, -2, 5],
      pupil: [1.3, 0.2, 3, 1, 0.9],
    };
    const state = Float32Array.from({ length: rest.length }, (_, i) => 0.1 * Math.sin(1.7 * i));
    const actual = await (await openBench({ ...options, frames })).run(noisy, behaviour, state);
    const expected = createReference({ ...options, frames }).run(noisy, behaviourTensor(behaviour, frames), state);
    expect(difference(actual.responses, expected.responses)).toBeLessThan(2e-6);
    expect(difference(actual.state, expected.state)).toBeLessThan(2e-6);
    // Both kinds of readout were really tried.
    expect(Math.max(...expected.responses)).toBeGreaterThan(10);
    expect(Math.min(...expected.responses)).toBeGreaterThan(0);
  });

  it('is the same file when it is built again, and small', () => {
    expect(bench.model.length).toBeLessThan(3e6);
    expect(Buffer.compare(bench.model, buildModel())).toBe(0);
  });

  it('answers the background with the spontaneous rate, whatever the animal does', async () => {
    const { responses } = await bench.run(blankClip(), { eyeXDeg: 9, runningCmPerS: 30, pupil: 1.7 });
    for (const { index, spontaneous } of units) {
      for (const value of responses.subarray(index * clipFrames, (index + 1) * clipFrames)) {
        expect(Math.abs(value - spontaneous)).toBeLessThan(1e-6);
      }
    }
  });

  it('does not look into the future', async () => {
    const changed = grating.slice();
    const from = 20;
    changed.fill(0.5, (from * grating.length) / clipFrames);
    const [whole, cut] = [await bench.run(grating, {}, rest), await bench.run(changed, {}, rest)];
    let [earlier, later] = [0, 0];
    for (const [i, value] of whole.responses.entries()) {
      const apart = Math.abs(value - (cut.responses[i] as number));
      if (i % clipFrames < from) earlier = Math.max(earlier, apart);
      else later = Math.max(later, apart);
    }
    expect(earlier).toBe(0);
    expect(later).toBeGreaterThan(1);
  });
});

describe('the eye', () => {
  it.each([
    ['whole degrees', 6, -4, 1e-5],
    ['parts of a degree, for a smooth picture', 2.5, 1.3, 0.02],
  ])('turned by x and y sees the picture moved by −x and −y: %s', async (_name, x, y, tolerance) => {
    const turned = await bench.run(scene(0, 0), { eyeXDeg: x, eyeYDeg: y }, rest);
    const moved = await bench.run(scene(-x, -y), {}, rest);
    const other = await bench.run(scene(x, y), {}, rest);
    expect(difference(turned.responses, moved.responses)).toBeLessThan(tolerance);
    expect(difference(turned.responses, other.responses)).toBeGreaterThan(0.2);
  });

  it('sees background where the picture ends', async () => {
    const white = clipOf(() => 0.6);
    const covered = clipOf((x) => (x > -40 + 12 ? 0.6 : 0));
    const turned = await bench.run(white, { eyeXDeg: -12 }, rest);
    expect(difference(turned.responses, (await bench.run(covered, {}, rest)).responses)).toBeLessThan(1e-5);
  });

  it('may move from frame to frame: one that follows a moving picture holds it still', async () => {
    const speed = 30;
    const following = Array.from({ length: clipFrames }, (_, t) => (speed * t) / 30 - 15);
    const still = clipOf((x, y) => (Math.hypot(x, y) < 10 ? 0.7 * Math.cos(0.25 * x) : 0));
    const moving = clipOf((x, y, t) => {
      const u = x - (speed * t - 15);
      return Math.hypot(u, y) < 10 ? 0.7 * Math.cos(0.25 * u) : 0;
    });
    const followed = await bench.run(moving, { eyeXDeg: following }, rest);
    const fixed = await bench.run(still, {}, rest);
    expect(difference(followed.responses, fixed.responses)).toBeLessThan(1e-4);
    expect(difference((await bench.run(moving, {}, rest)).responses, fixed.responses)).toBeGreaterThan(0.2);
  });
});

describe('running and pupil', () => {
  it.each([
    ['running', { runningCmPerS: 20 }, (u: number) => 1 + 0.8 * (units[u]?.runningGain as number)],
    ['pupil', { pupil: 1.5 }, (u: number) => 1 + 0.5 * (units[u]?.pupilGain as number)],
    ['a narrow pupil', { pupil: 0.6 }, (u: number) => 1 - 0.4 * (units[u]?.pupilGain as number)],
    ['a pupil beyond the range', { pupil: 4 }, (u: number) => 1 + (units[u]?.pupilGain as number)],
  ])('%s scales what a stimulus evokes by the stated gain', async (_name, behaviour, gain) => {
    const [still, changed] = [await evoked({}), await evoked(behaviour)];
    for (const u of driven(still)) {
      expect(Math.abs((changed[u] as number) / ((still[u] as number) * gain(u)) - 1)).toBeLessThan(0.02);
    }
    expect(driven(still).length).toBeGreaterThan(100);
  });

  it('act with their time constants: 63 % of the gain is there after 0.2 s of running', async () => {
    const onset = 12;
    const speed = Array.from({ length: clipFrames }, (_, t) => (t < onset ? 0 : 20));
    const [with_, without] = [
      await bench.run(grating, { runningCmPerS: speed }, rest),
      await bench.run(grating, {}, rest),
    ];
    const gainAt = (u: number, t: number) => {
      const at = u * clipFrames + t;
      const blank = units[u]?.spontaneous as number;
      return ((with_.responses[at] as number) - blank) / ((without.responses[at] as number) - blank);
    };
    const complex = units
      .filter(({ energyPart, tuning }) => energyPart === 1 && tuning !== null)
      .map(({ index }) => index);
    for (const u of complex) {
      const full = 0.8 * (units[u]?.runningGain as number);
      expect(gainAt(u, onset - 1)).toBeCloseTo(1, 5);
      // Six frames, the one of the onset included, are 0.2 s.
      expect(Math.abs((gainAt(u, onset + 5) - 1) / full - (1 - Math.exp(-1)))).toBeLessThan(0.01);
    }
    expect(complex.length).toBeGreaterThan(80);
  });
});

describe('the state', () => {
  it('carries a clip over: two halves are the whole', async () => {
    const { responses, state } = await halvesAgainstWhole();
    expect(responses).toBeLessThan(1e-5);
    expect(state).toBeLessThan(1e-5);
  });

  it('remembers what was shown and forgets it within a second', async () => {
    const { state } = await bench.run(grating, {}, rest);
    const [after, before] = [await bench.run(blankClip(), {}, state), await bench.run(blankClip(), {}, rest)];
    const at = (t: number) =>
      difference(
        units.map((_, u) => after.responses[u * clipFrames + t] as number),
        units.map((_, u) => before.responses[u * clipFrames + t] as number),
      );
    expect(at(0)).toBeGreaterThan(0.5);
    expect(at(35)).toBeLessThan(0.001);
  });
});

describe('gain control', () => {
  it('keeps the response to ten times the contrast far below a hundred times the response', async () => {
    const at = async (contrast: number) =>
      windowMeans(await bench.run(drifting({ directionDeg: 30, cpd: 0.04, hz: 2, contrast }), {}, rest)).map(
        (mean, u) => mean - (units[u]?.spontaneous as number),
      );
    const [low, high] = [await at(0.08), await at(0.8)];
    for (const u of driven([...high])) {
      const ratio = (high[u] as number) / (low[u] as number);
      expect(ratio).toBeGreaterThan(2);
      expect(ratio).toBeLessThan(25);
    }
  });
});

describe('units', () => {
  it('prefer the direction that is in the table', async () => {
    const directions = Array.from({ length: 16 }, (_, i) => 22.5 * i);
    const means: Float64Array[] = [];
    for (const directionDeg of directions) {
      means.push(windowMeans(await bench.run(drifting({ directionDeg, cpd: 0.04, hz: 2, contrast: 0.5 }), {}, rest)));
    }
    const errors = units.flatMap(({ index, tuning }) => {
      // Where the opposite direction counts for nearly as much, either may win.
      if (tuning === null || tuning.opposite > 0.4) return [];
      const best = directions.reduce((a, b, i) =>
        (means[i]?.[index] as number) > (means[directions.indexOf(a)]?.[index] as number) ? b : a,
      );
      return [Math.abs(((tuning.directionDeg - best + 540) % 360) - 180)];
    });
    expect(errors.length).toBeGreaterThan(150);
    expect(errors.filter((error) => error <= 22.5).length / errors.length).toBeGreaterThan(0.95);
  });

  it('respond to a patch where the table says they are, and x points right and y up', async () => {
    const patches = [
      [15, 15],
      [-15, 15],
      [15, -15],
      [-15, -15],
    ] as const;
    const answers: Float64Array[] = [];
    for (const [px, py] of patches) {
      const clip = clipOf((x, y, t) => {
        const envelope = Math.exp(-((x - px) ** 2 + (y - py) ** 2) / 72);
        const waves = [0.25 * x, 0.25 * y, 0.18 * (x + y), 0.18 * (x - y)].map((phase) => Math.cos(phase + 12 * t));
        return 0.25 * envelope * waves.reduce((sum, wave) => sum + wave, 0);
      });
      answers.push(windowMeans(await bench.run(clip, {}, rest)));
    }
    let tried = 0;
    for (const { index, xDeg, yDeg, spontaneous } of units) {
      if (Math.min(Math.abs(xDeg), Math.abs(yDeg)) < 10) continue;
      const own = patches.findIndex(([px, py]) => px * xDeg > 0 && py * yDeg > 0);
      const across = 3 - own;
      const gain = (i: number) => (answers[i]?.[index] as number) - spontaneous;
      // Half-squared units whose phase does not meet the patch stay silent.
      if (gain(own) < 0.02 && gain(across) < 0.02) continue;
      tried += 1;
      expect(gain(own)).toBeGreaterThan(gain(across));
    }
    expect(tried).toBeGreaterThan(80);
  });

  it('are listed in the order of the output, where they are', () => {
    const { units: rows, manifest, checks } = buildTwin();
    expect(rows.length).toBe(unitCount);
    expect(new Set(rows.map(({ unit }) => unit)).size).toBe(unitCount);
    for (const [u, row] of rows.entries()) {
      const { xDeg, yDeg, unit } = units[u] as (typeof units)[number];
      expect(row).toMatchObject({ unit, area: 'VISp', index: u });
      expect(Math.hypot((row.xDeg as number) - xDeg, (row.yDeg as number) - yDeg)).toBeLessThan(1e-3);
    }
    // Golden checks say something about every input: none is at its default, the state is not empty.
    for (const { tensor } of manifest.inputs) {
      expect(new Set(checks.inputs[tensor]?.data).size).toBeGreaterThan(50);
    }
    expect(Object.keys(checks.outputs)).toEqual(['responses']);
  }, 120_000);
});

describe('siblings and other populations', () => {
  it('a sibling has the same units and other filters, resonances and pool weights; another seed has other units', async () => {
    const [bank, sibling] = [makeBank(1), makeBank(1, 0.05)];
    const logs = bank.channels.flatMap((channel, c) => {
      const other = sibling.channels[c] as (typeof bank.channels)[number];
      expect(other.design).toEqual(channel.design);
      return [Math.log(other.turn / channel.turn), Math.log(other.poolWeight / channel.poolWeight)];
    });
    const filters = bank.filters.map(({ sdDeg }, f) => Math.log((sibling.filters[f]?.sdDeg as number) / sdDeg));
    for (const changes of [logs, filters]) {
      const size = changes.map(Math.abs);
      expect(size.reduce((sum, value) => sum + value, 0) / size.length).toBeGreaterThan(0.02);
      expect(Math.max(...size)).toBeLessThan(0.25);
    }
    const first = units[0] as (typeof units)[number];
    expect(mixture(first, sibling)).toEqual(mixture(first, bank));

    const correlation = (a: readonly number[], b: readonly number[]) => {
      const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const [x, y] = [a.map((value) => value - mean(a)), b.map((value) => value - mean(b))];
      const dot = (u: readonly number[], v: readonly number[]) =>
        u.reduce((sum, value, i) => sum + value * (v[i] as number), 0);
      return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
    };
    const own = [...windowMeans(await bench.run(grating, {}, rest))];
    const of = async (options: Parameters<typeof openBench>[0]) => [
      ...windowMeans(await (await openBench(options)).run(grating, {}, rest)),
    ];
    const near = await of({ perturbation: 0.05 });
    expect(correlation(near, own)).toBeGreaterThan(0.9);
    expect(difference(near, own)).toBeGreaterThan(0.01);
    expect(correlation(await of({ seed: 2 }), own)).toBeLessThan(0.3);
  });
});
