/** What npm needs of package-lock.json on every machine, and what must not stand in it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './tools.ts';

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(root, name), 'utf8')) as T;
const { packages } = read<{ packages: Record<string, Locked> }>('package-lock.json');

/** Where a package at `from` finds `name`: in its own node_modules or those of the folders above it. */
function placeOf(from: string, name: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const place = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (place in packages) return place;
    if (at === '') return null;
  }
}

test('every package that another one names has an entry, also those of other systems', () => {
  // npm refuses to install from a lock that lacks one, and drops the entries of other systems when it is made over an
  // existing node_modules.
  const named = Object.entries(packages).flatMap(([from, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.devDependencies, ...entry.optionalDependencies }).map((name) => ({
      from,
      name,
    })),
  );
  expect(named.length).toBeGreaterThan(300);
  expect(named.filter(({ from, name }) => placeOf(from, name) === null)).toEqual([]);
});

test('the lock asks for what package.json asks for', () => {
  const manifest = read<Locked>('package.json');
  const { dependencies, devDependencies, optionalDependencies } = packages[''] as Locked;
  expect({ dependencies, devDependencies, optionalDependencies }).toEqual({
    dependencies: manifest.dependencies,
    devDependencies: manifest.devDependencies,
    optionalDependencies: manifest.optionalDependencies,
  });
});

test('packages are pinned by content, not by where somebody fetched them', () => {
  const installed = Object.entries(packages).filter(([place]) => place !== '');
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  expect(installed.filter(([, { integrity }]) => integrity === undefined).map(([place]) => place)).toEqual([]);
});
