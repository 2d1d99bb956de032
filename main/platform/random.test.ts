import { expect, test } from 'vitest';
import { Random } from './random.ts';

const draw = (random: Random, n: number) => Array.from({ length: n }, () => random.uniform());

test('a seed gives the same numbers, another seed or stream gives others', () => {
  expect(draw(Random.fromSeed(7, 'order'), 5)).toEqual(draw(Random.fromSeed(7, 'order'), 5));
  expect(draw(Random.fromSeed(7, 'order'), 5)).not.toEqual(draw(Random.fromSeed(8, 'order'), 5));
  expect(draw(Random.fromSeed(7, 'order'), 5)).not.toEqual(draw(Random.fromSeed(7, 'noise'), 5));
});

test('a restored state goes on exactly, also between the two halves of a normal pair', () => {
  const random = Random.fromSeed(3);
  random.normal();
  const copy = Random.fromState(JSON.parse(JSON.stringify(random.state())));
  expect([copy.normal(), copy.normal(), copy.uniform()]).toEqual([random.normal(), random.normal(), random.uniform()]);
});

test('uniform and normal have the moments of their distributions', () => {
  const random = Random.fromSeed(11);
  const n = 200_000;
  let mean = 0;
  let square = 0;
  let uniformMean = 0;
  for (let i = 0; i < n; i++) {
    const x = random.normal();
    mean += x / n;
    square += (x * x) / n;
    uniformMean += random.uniform() / n;
  }
  // Five standard errors.
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n));
  expect(Math.abs(square - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  expect(Math.abs(uniformMean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
});

test('a shuffle is a permutation and every item reaches every place', () => {
  const seen = [0, 1, 2, 3].map(() => new Set<number>());
  for (let seed = 0; seed < 100; seed++) {
    const order = Random.fromSeed(seed).shuffle([0, 1, 2, 3]);
    expect([...order].sort()).toEqual([0, 1, 2, 3]);
    order.forEach((item, place) => seen[place]?.add(item));
  }
  for (const place of seen) expect(place.size).toBe(4);
});
