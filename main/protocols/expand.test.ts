import { describe, expect, it } from 'vitest';
import { expandedProtocol } from '../contract/results.ts';
import { describeOrder, expandProtocol, trialsPerCondition } from './expand.ts';
import { input, plan, threeStimuli } from './testing/protocols.ts';

const two = threeStimuli().slice(0, 2);

describe('expandProtocol', () => {
  it('lays sequential trials out in frames', () => {
    const protocol = expandProtocol({
      plan: plan({
        blocks: 2,
        repeats: 2,
        blanksPerBlock: 1,
        timing: { stimulusFrames: 3, blankFrames: 2, preBlockFrames: 4 },
        order: { method: 'sequential' },
      }),
      stimuli: two,
    });
    expect(protocol.trials.map((trial) => trial.stimulus)).toEqual([0, 1, 0, 1, null, 0, 1, 0, 1, null]);
    expect(protocol.trials.map((trial) => trial.onsetFrame)).toEqual([4, 9, 14, 19, 24, 33, 38, 43, 48, 53]);
    expect(protocol.trials.map((trial) => trial.block)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect(protocol.trials.every((trial) => trial.durationFrames === 3 && trial.blankFrames === 2)).toBe(true);
    expect(protocol.totalFrames).toBe(58);
    expect(protocol.minutes).toBeCloseTo(58 / 3600, 12);
    expect(protocol.generator).toBe('none');
    expect(() => expandedProtocol.parse(protocol)).not.toThrow();
  });

  it('gives the pixels per degree of a flat screen at its centre', () => {
    // 57 cm · π/180 = .99484 cm per degree; 1920 px over 53 cm.
    expect(expandProtocol({ plan: plan(), stimuli: two }).pixelsPerDegCentre).toBeCloseTo(36.0397, 3);
  });

  it('shuffles every block on its own and repeatably', () => {
    const make = (seed: number) =>
      expandProtocol({ plan: plan({ blocks: 3, repeats: 4, blanksPerBlock: 2, order: { seed } }), stimuli: two });
    const orders = [0, 1, 2].map((block) =>
      make(7)
        .trials.filter((trial) => trial.block === block)
        .map((trial) => trial.stimulus),
    );
    for (const order of orders) {
      expect(order.toSorted((a, b) => (a ?? 9) - (b ?? 9))).toEqual([0, 0, 0, 0, 1, 1, 1, 1, null, null]);
    }
    expect(orders[0]).not.toEqual(orders[1]);
    expect(make(7).trials).toEqual(make(7).trials);
    expect(make(8).trials).not.toEqual(make(7).trials);
  });

  it('puts every stimulus everywhere equally often', () => {
    // Six orders of three stimuli over 1,200 blocks: χ² with 5 degrees of freedom, 99.9 % quantile 20.5.
    const protocol = expandProtocol({
      plan: plan({ blocks: 1200, repeats: 1, blanksPerBlock: 0 }),
      stimuli: threeStimuli(),
    });
    const counts = new Map<string, number>();
    for (let block = 0; block < 1200; block++) {
      const order = protocol.trials.slice(3 * block, 3 * block + 3).map((trial) => trial.stimulus);
      counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    expect([...counts.values()].reduce((sum, n) => sum + (n - 200) ** 2 / 200, 0)).toBeLessThan(20.5);
  });

  it('shows a stimulus that is listed twice once, and says so', () => {
    const protocol = expandProtocol({ plan: plan(), stimuli: [...two, { ...two[0]!, condition: 'again' }] });
    expect(protocol.stimuli.map((stimulus) => stimulus.condition)).toEqual(['grating', 'c_tuple']);
    expect(protocol.warnings.join()).toContain('1 stimulus is listed more than once');
  });

  it('counts trials per condition', () => {
    const protocol = expandProtocol({ plan: plan({ blocks: 2, repeats: 3, blanksPerBlock: 4 }), stimuli: two });
    expect(trialsPerCondition(protocol)).toEqual([
      { condition: 'grating', stimuli: 1, trials: 6 },
      { condition: 'c_tuple', stimuli: 1, trials: 6 },
      { condition: 'blank', stimuli: 0, trials: 8 },
    ]);
  });

  it('refuses nothing to show and more than can be planned', () => {
    expect(() => expandProtocol({ plan: plan(), stimuli: [] })).toThrow('no stimuli');
    expect(() => expandProtocol({ plan: plan({ blocks: 10_000, repeats: 1000 }), stimuli: two })).toThrow(
      '20,050,000 trials',
    );
  });

  it('says what the order is', () => {
    expect(describeOrder(plan({ order: { seed: 42 } }))).toMatch(/Fisher–Yates.*seed 42.*may follow itself/);
    expect(describeOrder(plan({ order: { method: 'sequential' } }))).toContain('listed order');
  });
});

describe('warnings', () => {
  const warn = (changes: Record<string, unknown>, stimuli = two) =>
    expandProtocol({ plan: plan(changes), stimuli }).warnings.join('\n');

  it('are silent for the defaults', () => expect(warn({})).toBe(''));

  it('leave out the background around what a raster shows', () => {
    const raster = { type: 'raster', arraySha256: 'ab'.repeat(32), sizeDeg: 80 } as const;
    const wide = { ...input('wide', 'wide', raster), patternDeg: 20 };
    const { stimuli, warnings } = expandProtocol({ plan: plan(), stimuli: [wide] });
    expect(stimuli[0]).toMatchObject({ sizeDeg: 80, patternDeg: 20 });
    expect(warnings.filter((sentence) => sentence.includes('larger than the screen'))).toEqual([]);
    const all = expandProtocol({ plan: plan(), stimuli: [{ ...wide, patternDeg: 80 }] });
    expect(all.stimuli[0]).not.toHaveProperty('patternDeg');
    expect(all.warnings.join()).toContain('needs 80.0° × 80.0°');
  });

  it('give the sizes of a stimulus larger than the screen', () => {
    // Height 29.8125 cm at 57 cm: 2·atan(14.90625/57) = 29.31°.
    const wide = input('wide', 'x', {
      type: 'grating',
      orientationDeg: 0,
      spatialFrequencyCpd: 1,
      diameterDeg: 30,
      edgeDeg: 0.25,
    });
    const text = warn({ display: { maxLuminanceCdM2: 1e6 } }, [wide, ...two]);
    expect(text).toBe(
      '1 stimulus is larger than the screen and will be cut off: s001_wide needs 30.3° × 30.3°, the screen shows ' +
        '49.9° × 29.3° at 57 cm.',
    );
  });

  it('name bars finer than the pixels', () => {
    const fine = input('fine', 'x', {
      type: 'gabor',
      orientationDeg: 0,
      spatialFrequencyCpd: 20,
      sigmaDeg: 0.2,
      contrast: 0.5,
    });
    expect(warn({}, [fine])).toContain(
      's001_fine has 20 cpd and needs at least 40 px per degree; this display has 36.0',
    );
  });

  it('compare luminance with the display', () => {
    // Contrast 1 around (2 + 50)/2 = 26 asks for 0 to 52; the largest contrast is 48/52 = .923.
    const full = input('full', 'x', { type: 'grating', orientationDeg: 0, spatialFrequencyCpd: 1, diameterDeg: 4 });
    const display = { minLuminanceCdM2: 2, maxLuminanceCdM2: 50 };
    expect(warn({ display }, [full])).toBe(
      '1 stimulus asks for 0.0 to 52.0 cd/m²; the display has 2 to 50 cd/m² and clips the rest. The largest contrast ' +
        'around its mid luminance is 0.923.',
    );
    expect(warn({ display }, [{ ...full, luminance: { min: 0.1, max: 0.9 } }])).toBe('');
    expect(warn({ display: { minLuminanceCdM2: 50, maxLuminanceCdM2: 50 } }, [full])).toContain('nothing can be shown');
  });

  it('give times that are not whole milliseconds', () => {
    expect(warn({ display: { refreshHz: 144 } })).toBe(
      'Times are whole frames of 144 Hz and not whole milliseconds: stimulus 12 frames = 83.33 ms, pause before a ' +
        'block 60 frames = 416.67 ms.',
    );
  });

  it('name a protocol of more than two hours', () => {
    // 10 blocks × (60 + 3005 trials × 30 frames) / 60 Hz = 15,035 s.
    expect(warn({ blocks: 10, repeats: 1500 })).toContain('4.2 h (30,050 trials)');
  });
});
