import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { display } from '../../../main/contract/plans.ts';
import type { Trial } from '../../../main/contract/results.ts';
import { DisplayGeometry } from './DisplayGeometry.tsx';
import { change, redo, startHistory, undo, type History } from './history.ts';
import { conditionTotals, emptyPlan, searchItem, setItem, withItem } from './items.ts';
import { blocksOf, clampView, shownAt, trialIndexAt, visibleTrials, zoomView } from './timeline.ts';

describe('undo and redo', () => {
  const three = (): History<number> => {
    let history = startHistory(1);
    history = change(history, 2, 'a', 0);
    return change(history, 3, 'b', 10);
  };
  it('go back and forth', () => {
    const back = undo(three());
    expect(back.present).toBe(2);
    expect(undo(undo(back)).present).toBe(1);
    expect(redo(back).present).toBe(3);
    expect(redo(redo(back)).present).toBe(3);
  });
  it('take the digits of one number together, and nothing else', () => {
    let history = change(startHistory(0), 1, 'repeats', 0);
    history = change(history, 12, 'repeats', 300);
    history = change(history, 123, 'repeats', 600);
    expect(undo(history).present).toBe(0);
    history = change(history, 4, 'repeats', 5000);
    expect(undo(history).present).toBe(123);
    expect(undo(change(history, 5, 'blocks', 5010)).present).toBe(4);
  });
  it('forget what was undone at the next change', () => {
    const history = change(undo(three()), 9, 'c', 20);
    expect(redo(history).present).toBe(9);
    expect(undo(history).present).toBe(2);
  });
  it('never join with the step before an undo', () => {
    const history = change(undo(change(change(startHistory(0), 1, 'a', 0), 2, 'b', 1)), 5, 'a', 2);
    expect(undo(history).present).toBe(1);
  });
});

// Two blocks: a pause of 4 frames, then trials of 3 frames of stimulus and 2 of background.
const trial = (index: number, block: number, stimulus: number | null, onsetFrame: number): Trial => ({
  index,
  block,
  stimulus,
  onsetFrame,
  durationFrames: 3,
  blankFrames: 2,
});
const protocol = {
  trials: [trial(0, 0, 1, 4), trial(1, 0, null, 9), trial(2, 1, 0, 18), trial(3, 1, 1, 23)],
  totalFrames: 28,
};

describe('timeline', () => {
  it('finds the trial of a frame', () => {
    expect([3, 4, 8, 9, 17, 18, 27].map((frame) => trialIndexAt(protocol.trials, frame))).toEqual([
      -1, 0, 0, 1, 1, 2, 3,
    ]);
  });
  it('knows what is on the screen at every frame', () => {
    const shown = Array.from({ length: 28 }, (_, frame) => shownAt(protocol, frame).stimulus ?? '.').join('');
    expect(shown).toBe('....111...........000..111..');
    expect(shownAt(protocol, 10).trial?.index).toBe(1);
    expect(shownAt(protocol, 15).trial).toBeNull();
    expect(shownAt(protocol, 28).trial).toBeNull();
  });
  it('lists blocks with their pauses', () => {
    expect(blocksOf(protocol, 4)).toEqual([
      { block: 0, from: 0, to: 14 },
      { block: 1, from: 14, to: 28 },
    ]);
  });
  it('shows only the trials in view', () => {
    expect(visibleTrials(protocol, { startFrame: 10, framesPerPx: 1 }, 9)).toEqual([1, 3]);
    expect(visibleTrials(protocol, { startFrame: 0, framesPerPx: 1 }, 3)).toEqual([0, 0]);
    expect(visibleTrials(protocol, { startFrame: 0, framesPerPx: 1 }, 100)).toEqual([0, 4]);
  });
  it('zooms about the pointer and stays inside', () => {
    const view = zoomView({ startFrame: 100, framesPerPx: 2 }, 0.5, 50, 10_000, 400);
    expect(view).toEqual({ startFrame: 150, framesPerPx: 1 });
    expect(clampView({ startFrame: -5, framesPerPx: 1e6 }, 1000, 500)).toEqual({ startFrame: 0, framesPerPx: 2 });
    expect(clampView({ startFrame: 900, framesPerPx: 1 }, 1000, 500)).toEqual({ startFrame: 500, framesPerPx: 1 });
  });
});

describe('items', () => {
  it('go in once', () => {
    const plan = withItem(
      withItem(withItem(emptyPlan(display.parse({})), setItem('a')), searchItem('b')),
      setItem('a'),
    );
    expect(plan.items).toEqual([{ stimuli: { set: 'a' } }, { search: 'b', candidates: 1, controls: true }]);
  });
  it('are counted per condition', () => {
    const stimuli = [{ condition: 'x' }, { condition: 'y' }];
    expect(conditionTotals({ ...protocol, stimuli })).toEqual([
      { condition: 'x', trials: 1 },
      { condition: 'y', trials: 2 },
      { condition: 'blank', trials: 1 },
    ]);
  });
});

it('display geometry: distance and width on one scale, the angle of the screen', async () => {
  const svg = renderToStaticMarkup(
    <DisplayGeometry width={300} display={display.parse({ widthCm: 60, distanceCm: 30 })} largestDeg={40} />,
  ).replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" color="#1a1a1a" font-family="Inter, sans-serif" ');
  // 60 cm at 30 cm: 2·atan(1) = 90°.
  expect(svg).toContain('>90°<');
  const [, x, , y1, y2] = /data-screen="true" x1="([\d.]+)" x2="([\d.]+)" y1="([\d.]+)" y2="([\d.]+)"/.exec(svg) ?? [];
  expect((Number(y2) - Number(y1)) / (Number(x) - 26)).toBeCloseTo(60 / 30, 2);
  expect(svg).toContain('data-stimulus');
  await expect(svg.replaceAll('><', '>\n<')).toMatchFileSnapshot('gallery/display-geometry.svg');
});
