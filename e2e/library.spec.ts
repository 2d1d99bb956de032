/** The library as a place to find things: search and filters, two twins side by side, what is not stated, all by keyboard. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from './fixtures.ts';
import { choose, complaintsOf, createProject, step } from './workbench.ts';

const slowTwin = path.resolve(import.meta.dirname, '..', 'main', 'app', 'testing', 'slowTwin.ts');

test('twins are found by search and filters, which stay and can be passed on', async ({ page, host, home }) => {
  const complaints = complaintsOf(page);
  const folder = path.join(home, 'library', 'slow-twin@1.0.0');
  expect(spawnSync(process.execPath, [slowTwin, folder], { stdio: 'inherit' }).status).toBe(0);
  await page.goto(host.url);
  await createProject(page, 'Pilot');
  const twins = page.getByRole('grid', { name: 'Twins' });
  const filters = page.getByRole('search', { name: 'Filters' });
  await expect(filters.getByRole('status')).toHaveText(/^\d+ twins$/);
  const all = Number.parseInt(await filters.getByRole('status').innerText(), 10);
  // The licence of the slow twin is CC-BY-NC-4.0.
  await expect(twins.getByRole('row', { name: 'Slow twin' }).getByText('CC-BY-NC-4.0, non-commercial')).toBeVisible();

  await page.keyboard.press('/');
  await expect(filters.getByLabel('Search twins')).toBeFocused();
  await page.keyboard.type('retina');
  await expect(filters.getByRole('status')).toHaveText(`1 of ${all}`);
  await expect(twins.getByRole('row', { name: 'Primate retina' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 2, name: 'Primate retina' })).toBeVisible();
  expect(new URL(page.url()).hash).toBe('#/library?text=retina');

  // Another page and back, and the address in a new window.
  await step(page, 'Stimuli');
  await step(page, 'Library');
  await expect(filters.getByLabel('Search twins')).toHaveValue('retina');
  await page.reload();
  await expect(filters.getByRole('status')).toHaveText(`1 of ${all}`);

  await choose(page, filters.getByRole('combobox', { name: 'Licence' }), 'non-commercial');
  await expect(page.getByText('No twin matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(filters.getByRole('status')).toHaveText(`${all} twins`);
  expect(new URL(page.url()).hash).toBe('#/library');
  await choose(page, filters.getByRole('combobox', { name: 'Area' }), 'IT');
  await expect(twins.getByRole('row')).toHaveCount(2);
  // Chosen again, it is taken back.
  await choose(page, filters.getByRole('combobox', { name: 'Area' }), 'IT');
  await expect(filters.getByRole('status')).toHaveText(`${all} twins`);
  expect(complaints).toEqual([]);
});

test('two twins stand side by side with their differences marked', async ({ page, host }) => {
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  await createProject(page, 'Pilot');
  const twins = page.getByRole('grid', { name: 'Twins' });
  await twins.getByRole('row', { name: 'Primate retina' }).click();
  const pane = page.getByRole('region', { name: 'Twin', exact: true });
  await pane.getByRole('tab', { name: 'Performance' }).click();
  await expect(pane.getByText('Performance: not stated.')).toBeVisible();
  await pane.getByRole('tab', { name: 'Checks' }).click();
  await expect(pane.getByText('Reproduces here: not checked')).toBeVisible();
  await twins.getByRole('row', { name: 'Macaque V1, Gabor' }).click({ modifiers: ['ControlOrMeta'] });

  await expect(page.getByRole('heading', { level: 1, name: 'Compare twins' })).toBeVisible();
  const table = page.getByRole('table', { name: 'Comparison' });
  await expect(table.getByRole('row', { name: 'Species macaque macaque' }).getByLabel('differs')).toHaveCount(0);
  await expect(table.getByRole('row', { name: /^Field of view/ }).getByLabel('differs')).toBeVisible();
  // Both maps show the same degrees.
  const ticks = page.locator('svg[data-plot] [data-axis=bottom]');
  await expect(ticks).toHaveCount(2);
  const [left, right] = await ticks.allInnerTexts();
  expect(left).toBe(right);
  await page.getByRole('button', { name: 'Open Primate retina' }).click();
  await expect(pane.getByRole('heading', { level: 2, name: 'Primate retina' })).toBeVisible();
  await pane.getByRole('button', { name: 'Compare with…' }).click();
  await page.getByRole('menuitem', { name: 'Macaque V1, Gabor' }).click();
  await expect(table).toBeVisible();
  expect(complaints).toEqual([]);
});

test('a card shows the figures of its package', async ({ page, host }) => {
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  await createProject(page, 'Pilot');
  await page.keyboard.press('/');
  await page.keyboard.type('retina');
  const card = page.getByRole('tabpanel');
  const figure = card.getByRole('img', { name: 'centre radius' });
  await figure.scrollIntoViewIfNeeded();
  await expect.poll(() => figure.evaluate((picture: HTMLImageElement) => picture.naturalWidth)).toBe(560);
  await expect(card.getByText('all 23 rows are met')).toBeVisible();
  expect(complaints).toEqual([]);
});
