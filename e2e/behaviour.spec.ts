/** A twin that is told what the animal does: asked for with units, fed, and said by the result. */
import { expect, test } from './fixtures.ts';
import { choose, complaintsOf, createProject, step } from './workbench.ts';

test('a run of drifting gratings on the mouse twin under a running speed', async ({ page, host }) => {
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  await createProject(page, 'Running');
  await step(page, 'Stimuli');
  await page.getByRole('button', { name: 'New set' }).click();
  await page.getByRole('radiogroup', { name: 'Still or moving' }).getByText('Moving', { exact: true }).click();
  await page.getByLabel('Levels of direction').fill('0 90');
  await page.getByLabel('Levels of spatial frequency').fill('0.04');
  await page.getByLabel('Levels of temporal frequency').fill('2');
  await page.getByLabel('Levels of diameter').fill('60');
  await page.getByLabel('Name').fill('Wide drift');
  await page.getByRole('button', { name: 'Create set' }).click();
  await expect(page.getByRole('heading', { name: 'Wide drift', exact: true })).toBeVisible();

  await step(page, 'Experiment');
  const twin = page.getByRole('combobox', { name: 'Twin' });
  await choose(page, twin, 'Mouse V1, dynamic: the architecture of a digital twin');
  const running = page.getByLabel('running_cm_per_s');
  await expect(running).toHaveValue('0 cm/s');
  await running.fill('100');
  await expect(page.getByText('The twin is made for 0 to 60.')).toBeVisible();
  await running.fill('20');
  await expect(page.getByText('The twin is made for 0 to 60.')).toHaveCount(0);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('grid', { name: 'Units' })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText('running_cm_per_s 20')).toBeVisible();
  expect(complaints).toEqual([]);
});
