/** The reference set TSR-1 in the workbench: offered, described, drawn, explained. */
import { expect, test } from './fixtures.ts';
import { complaintsOf, createProject, step } from './workbench.ts';

test('the reference set is made with two clicks, and an image says what it is', async ({ page, host }) => {
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  await createProject(page, 'Reference');
  await step(page, 'Stimuli');
  await page.getByRole('button', { name: 'New set' }).click();
  await page.getByText('TSR-1', { exact: true }).click();
  await expect(page.getByText('TSR-1: 1,024 images of 10 classes + blank = 1,025').first()).toBeVisible();
  await page.getByRole('button', { name: 'Create set' }).click();
  await expect(page.getByRole('heading', { name: 'TSR-1', exact: true })).toBeVisible();
  const first = page.getByRole('button', { name: 'grating 0° · 0.75 cpd · phase 0°' }).first();
  await expect(first).toBeVisible();
  await first.click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.getByText('Number in TSR-1')).toBeVisible();
  await expect(inspector.getByText('gratings', { exact: true })).toBeVisible();
  expect(complaints).toEqual([]);
});
