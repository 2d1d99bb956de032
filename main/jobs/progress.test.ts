import { expect, test } from 'vitest';
import { createProgressMeter } from './progress.ts';

const at = (done: number, total = 1000, phase = 'presenting') => ({ done, total, noun: 'stimuli', phase });

test('nothing is said about the rate before it is known', () => {
  const meter = createProgressMeter();
  expect(meter.report(at(0), 10)).toEqual({ ...at(0), ratePerSecond: null, secondsLeft: null });
  expect(meter.report(at(40), 10)).toEqual({ ...at(40), ratePerSecond: null, secondsLeft: null });
});

test('a steady rate is found exactly, and with it the time left', () => {
  const meter = createProgressMeter();
  let last = meter.report(at(0), 0);
  for (let second = 1; second <= 10; second++) last = meter.report(at(second * 50), second);
  expect(last.ratePerSecond).toBeCloseTo(50, 10);
  expect(last.secondsLeft).toBeCloseTo(10, 10);
});

test('items reported at the same moment are not lost', () => {
  const meter = createProgressMeter();
  meter.report(at(0), 0);
  meter.report(at(30), 0);
  expect(meter.report(at(60), 2).ratePerSecond).toBeCloseTo(30, 10);
});

test('after a change of pace the new rate takes over within three time constants', () => {
  const meter = createProgressMeter();
  let done = 0;
  for (let second = 0; second < 60; second++) meter.report(at((done += 100), 1e6), second);
  let last = meter.report(at(done, 1e6), 60);
  for (let second = 61; second <= 75; second++) last = meter.report(at((done += 10), 1e6), second);
  // The old rate has weight e^(−15/5) = 5 %.
  expect(last.ratePerSecond).toBeGreaterThan(10);
  expect(last.ratePerSecond).toBeLessThan(15);
});

test('another phase begins a new estimate', () => {
  const meter = createProgressMeter();
  meter.report(at(0), 0);
  meter.report(at(100), 1);
  expect(meter.report(at(0, 999, 'measuring random controls'), 2).ratePerSecond).toBeNull();
  expect(meter.report(at(5, 999, 'measuring random controls'), 3).ratePerSecond).toBeCloseTo(5, 10);
});

test('resuming at a checkpoint does not count what was done before', () => {
  const meter = createProgressMeter();
  meter.report(at(900), 0);
  expect(meter.report(at(910), 1)).toMatchObject({ ratePerSecond: 10, secondsLeft: 9 });
});
