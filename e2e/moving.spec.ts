/** Moving stimuli in the workbench: offered with their units, marked, played while pointed at, kept out of protocols. */
import { expect, test } from './fixtures.ts';
import { choose, complaintsOf, createProject, expectPictures, step } from './workbench.ts';

test('a set of drifting gratings is made, plays, and says how fast it goes', async ({ page, host }) => {
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  await createProject(page, 'Motion');
  await step(page, 'Stimuli');
  await page.getByRole('button', { name: 'New set' }).click();
  await page.getByRole('radiogroup', { name: 'Still or moving' }).getByText('Moving', { exact: true }).click();
  await page.getByLabel('Levels of spatial frequency').fill('1 2');
  await page.getByLabel('Levels of temporal frequency').fill('4');
  await expect(page.getByText('drifting gratings: 12 directions × 2 SF + blank = 25').first()).toBeVisible();
  await expectPictures(page.getByLabel('Samples'));
  await page.getByLabel('Name').fill('Drift');
  await page.getByRole('button', { name: 'Create set' }).click();
  await expect(page.getByRole('heading', { name: 'Drift', exact: true })).toBeVisible();

  const tile = page.getByRole('button', { name: '90° · 2 cpd · 4 Hz' });
  await expect(tile).toHaveAttribute('title', '90° · 2 cpd · 4 Hz (moves: 1 s · 30 frames)');
  await expect(tile.getByText('▸')).toBeVisible();
  const canvas = tile.locator('canvas');
  await expect(canvas).toHaveCount(0);
  await tile.hover();
  const shown = () => canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL());
  const first = await shown();
  await expect.poll(shown).not.toBe(first);
  await tile.click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  for (const text of ['drifting grating', 'Temporal frequency', '4 Hz', 'Speed of the pattern', '2 °/s']) {
    await expect(inspector.getByText(text, { exact: true })).toBeVisible();
  }
  await inspector.getByRole('button', { name: 'Halt the clip' }).click();
  await expect(inspector.locator('canvas')).not.toHaveAttribute('data-playing');
  await expect(page.getByRole('button', { name: 'Add to protocol' })).toBeDisabled();

  await step(page, 'Experiment');
  const twin = page.getByRole('combobox', { name: 'Twin' });
  const run = page.getByRole('button', { name: 'Run', exact: true });
  await choose(page, twin, 'Macaque V1, Gabor energy with normalisation');
  await expect(page.getByText('sees still pictures, and these stimuli move.')).toBeVisible();
  await expect(run).toBeDisabled();
  await choose(page, twin, 'Primate motion, V1 and MT');
  await expect(page.getByText('sees still pictures, and these stimuli move.')).toHaveCount(0);
  await expect(run).toBeEnabled();
  expect(complaints).toEqual([]);
});

test('nothing moves by itself where less motion is asked for', async ({ page, host }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(host.url);
  await createProject(page, 'Calm');
  await step(page, 'Stimuli');
  await page.getByRole('button', { name: 'New set' }).click();
  await page.getByRole('radiogroup', { name: 'Still or moving' }).getByText('Moving', { exact: true }).click();
  await page.getByText('TSR-1V', { exact: true }).click();
  await expect(page.getByText('TSR-1V: 256 clips of 5 classes + blank = 257').first()).toBeVisible();
  await page.getByRole('button', { name: 'Create set' }).click();
  const tile = page.getByRole('button', { name: 'drifting grating 0° · 0.5 cpd · 2 Hz' });
  await tile.click();
  await expect(tile.getByText('▸')).toBeVisible();
  await expect(tile.locator('canvas')).toHaveCount(0);
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.locator('canvas')).not.toHaveAttribute('data-playing');
  await inspector.getByRole('button', { name: 'Play the clip' }).click();
  await expect(inspector.locator('canvas')).toHaveAttribute('data-playing');
});
