import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { plan } from './plans.ts';

const folder = path.join(import.meta.dirname, '../../docs/plans');

it.each(readdirSync(folder).filter((name) => name.endsWith('.plan.yaml')))('the example %s is a plan', (name) => {
  const text = readFileSync(path.join(folder, name), 'utf8');
  expect(plan.parse(parse(text))).toMatchObject({ format: 1, name: expect.any(String) });
  expect(text.startsWith('# ')).toBe(true);
});
