/** A selective search over units that a circle on the map chooses, another forked from it, and both side by side. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { choose, complaintsOf, expectPictures, step } from './workbench.ts';

const gratings = 'Gratings: orientation × frequency';

/** Short, and z-scored over a small set: what is found is not what this test is about. */
async function makeShort(page: Page): Promise<void> {
  const plan = page.getByRole('region', { name: 'Plan' });
  await plan.getByLabel('Steps', { exact: true }).fill('20');
  await plan.getByLabel('Starts', { exact: true }).fill('2');
  await plan.getByLabel('Random images').fill('30');
  await choose(page, plan.getByRole('combobox', { name: 'Reference set' }), gratings);
}

async function finished(page: Page): Promise<void> {
  const candidates = page.getByRole('region', { name: 'Live' }).getByRole('group', { name: 'Candidates' });
  await expect(candidates.getByRole('button')).toHaveCount(2, { timeout: 90_000 });
  await expectPictures(candidates);
}

test('a selective objective over a circle, a fork of it, and their comparison', async ({ page, host }, info) => {
  // Three searches, one after the other.
  test.slow();
  const look = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) });
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  await expect(page.getByRole('button', { name: 'Project Sample' })).toBeVisible();
  await step(page, 'Search');
  const plan = page.getByRole('region', { name: 'Plan' });
  const target = page.getByRole('region', { name: 'Target' });

  // A drag from a centre outwards takes the units whose centres it reaches.
  const map = target.getByRole('figure', { name: 'Receptive fields' }).locator('svg[data-plot]');
  const units = target.getByRole('status', { name: 'Units of the term' });
  await expect(units).toContainText('1 of 256 units');
  const box = await map.boundingBox();
  if (box === null) throw new Error('the map is not drawn');
  const [x, y] = [box.x + box.width * 0.42, box.y + box.height * 0.38];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 18, y + 10, { steps: 4 });
  await page.mouse.up();
  await expect(units).toHaveText(/V1 simple cells · \d+ of 256 units within 0\.\d+° of/);
  await target.getByRole('button', { name: 'List its units' }).click();
  await expect(units).not.toContainText('within');
  const before = Number(/(\d+) of 256/.exec(await units.innerText())?.[1]);
  expect(before).toBeGreaterThan(1);
  // The keyboard does the same in the table: the unit under the arrow is taken away and added.
  const rows = target.getByRole('grid', { name: 'Units of the area' });
  await rows.getByRole('columnheader', { name: 'In' }).getByRole('button').click();
  await rows.getByLabel('Units of the area, rows').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect(units).toContainText(`${before - 1} of 256 units`);
  await page.keyboard.press('Enter');

  await choose(page, plan.getByRole('combobox', { name: 'Objective' }), 'Selective');
  await expect(plan.getByText('Against every other area of the twin.')).toBeVisible();
  await makeShort(page);
  await look('plan');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await finished(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Drive \d+ units of V1-simple alone, against/);
  const claims = page.getByRole('list', { name: 'Claims' }).getByRole('listitem');
  await expect(claims.first()).toHaveText(/ nats of z against /);
  await expect(page.getByRole('figure', { name: 'Trajectory' }).getByText('selectivity (nats of z)')).toBeVisible();
  await expect(page.getByRole('figure', { name: 'Spectrum' }).locator('svg[data-plot] path').first()).toBeVisible();
  await expect(plan.getByRole('meter').first()).toHaveAttribute('aria-valuetext', /within the tolerance/);
  await look('report');

  await page.getByRole('button', { name: 'Fork' }).click();
  await expect(plan.getByText(/^Forked from Drive \d+ units/)).toBeVisible();
  await expect(plan.getByRole('combobox', { name: 'Objective' })).toHaveValue('Selective');
  await expect(plan.getByRole('combobox', { name: 'Start from' })).toHaveValue(/^best of Drive \d+ units/);
  await choose(page, plan.getByRole('combobox', { name: 'Objective' }), 'Suppress');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await finished(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Suppress \d+ units of V1-simple/);
  await expect(page.getByRole('figure', { name: 'Trajectory' }).getByText('suppression (z)')).toBeVisible();
  await expect(plan.getByRole('link', { name: /^Drive \d+ units of V1-simple alone/ })).toBeVisible();

  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('menuitem', { name: /alone, against every other area/ }).click();
  const comparison = page.getByRole('table', { name: 'Comparison' });
  await expect(comparison.getByRole('row', { name: /^Objective / })).toContainText('alone, against every other area');
  await expect(page.getByRole('figure', { name: /^Activity, / })).toHaveCount(2);
  await look('comparison');

  // A fork of a search that has not ended starts from what its checkpoint holds.
  await page.goBack();
  await page.getByRole('button', { name: 'Fork' }).click();
  await choose(page, plan.getByRole('combobox', { name: 'Start from' }), 'pink noise (1/f)');
  await choose(page, plan.getByRole('combobox', { name: 'Objective' }), 'Drive');
  await plan.getByLabel('Steps', { exact: true }).fill('20000');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  const live = page.getByRole('region', { name: 'Live' });
  await expect(page.getByRole('figure', { name: 'Trajectory' })).toBeVisible({ timeout: 90_000 });
  await live.getByRole('button', { name: 'Pause' }).click();
  await expect(live.getByText(/ · paused$/)).toBeVisible();
  await look('paused');
  await page.getByRole('button', { name: 'Fork' }).click();
  await expect(plan.getByText(/not ended, at step [1-9]\d*$/)).toBeVisible();
  await expect(plan.getByRole('combobox', { name: 'Start from' })).toHaveValue(/^best of Drive \d+ units/);
  await plan.getByRole('button', { name: 'Presets' }).click();
  await page.getByRole('menuitem', { name: /Walker et al\. 2019/ }).click();
  await expect(plan.getByRole('note', { name: 'Source of the preset' })).toContainText('Walker et al. 2019');
  await expect(plan.getByRole('combobox', { name: 'Rule' })).toHaveValue('normalised gradient');
  await look('preset');
  expect(complaints).toEqual([]);
});
