/** The states a page must show well: bad files, something taken back, a project open elsewhere, no backend. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './fixtures.ts';
import { complaintsOf, createProject, expectPictures, importPhotographs, samplePicture, step } from './workbench.ts';

const holdProject = path.resolve(import.meta.dirname, '..', 'main', 'app', 'testing', 'holdProject.ts');

test('the keys 1 to 5 go to the pages and ? shows the shortcuts', async ({ page, host }) => {
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  const rail = page.getByRole('navigation', { name: 'Steps' });
  await expect(page.getByRole('button', { name: 'Project Sample' })).toBeVisible();
  const pages = ['Library', 'Stimuli', 'Experiment', 'Search', 'Protocol'];
  for (const [index, name] of [...pages.entries()].reverse()) {
    await page.keyboard.press(String(index + 1));
    await expect(rail.getByRole('link', { name, exact: true })).toHaveAttribute('aria-current', 'page');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(sheet.getByText('Library, Stimuli, Experiment, Search, Protocol')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  // A figure typed into a field is a figure.
  await page.keyboard.press('1');
  const filter = page.getByLabel('Search twins');
  await filter.click();
  await page.keyboard.press('2');
  await expect(filter).toHaveValue('2');
  await expect(rail.getByRole('link', { name: 'Library', exact: true })).toHaveAttribute('aria-current', 'page');
  expect(complaints).toEqual([]);
});

test('a broken file among photographs is named and the good ones are kept; a removed set comes back', async ({
  page,
  host,
}) => {
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  await createProject(page, 'Pilot');
  const good = ['02-mountains.jpg', '11-fruit.png'].map((name) => readFileSync(samplePicture(name)));
  await importPhotographs(page, 'Scenes', [
    { name: 'mountains.jpg', mimeType: 'image/jpeg', buffer: good[0] as Buffer },
    { name: 'torn.jpg', mimeType: 'image/jpeg', buffer: (good[0] as Buffer).subarray(0, 300) },
    { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('these are notes, not a picture') },
    { name: 'fruit.png', mimeType: 'image/png', buffer: good[1] as Buffer },
  ]);
  const progress = page.getByRole('group', { name: 'Import Scenes' });
  await expect(progress.getByText(/torn\.jpg/)).toBeVisible();
  await expect(progress.getByText(/notes\.png/)).toBeVisible();
  await page.getByRole('button', { name: 'Show the set' }).click();
  await expect(page.getByRole('heading', { name: 'Scenes' })).toBeVisible();
  const sheet = page.getByRole('group', { name: 'Stimuli' });
  // Two photographs and the blank.
  await expect(sheet.getByRole('button')).toHaveCount(3);
  await expectPictures(sheet);

  await page.getByRole('button', { name: 'More about this set' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await expect(page.getByText('No stimulus sets yet')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('heading', { name: 'Scenes' })).toBeVisible();
  await expect(sheet.getByRole('button')).toHaveCount(3);
  await expectPictures(sheet);
  expect(complaints).toEqual([]);
});

test('a project open in another process is shown read-only', async ({ page, host, home }) => {
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  await createProject(page, 'Elsewhere');
  await createProject(page, 'Here');
  const file = path.join(home, 'projects', 'Elsewhere.twinscope');
  const holder = spawn(process.execPath, [holdProject, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(holder.stdout, 'data');
    await page.getByRole('button', { name: 'Project Here' }).click();
    await page.getByRole('menuitem', { name: /^Elsewhere/ }).click();
    await expect(page.getByRole('button', { name: 'Project Elsewhere' })).toBeVisible();
    await expect(page.getByRole('status').filter({ hasText: /open/ })).toBeVisible();
    await step(page, 'Stimuli');
    await page.getByRole('button', { name: 'New set' }).click();
    await expect(page.getByRole('button', { name: 'Create set' })).toBeDisabled();
  } finally {
    const ended = once(holder, 'exit');
    holder.stdin.end();
    await ended;
  }
  expect(complaints).toEqual([]);
});

test('without its backend the window says so and stays as it is', async ({ page, host }) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(host.url);
  await createProject(page, 'Pilot');
  await step(page, 'Stimuli');
  await expect(page.getByText('No stimulus sets yet')).toBeVisible();
  const ended = once(host.process, 'exit');
  host.process.kill('SIGKILL');
  await ended;
  const banner = page.getByRole('alert').filter({ hasText: 'The backend does not answer.' });
  await expect(banner).toBeVisible();
  await expect(banner.getByRole('button', { name: 'Reconnect' })).toBeEnabled();
  // Every page can still be looked at.
  const rail = page.getByRole('navigation', { name: 'Steps' });
  for (const name of ['Library', 'Experiment', 'Search', 'Protocol', 'Stimuli']) {
    await step(page, name);
    await expect(rail.getByRole('link', { name, exact: true })).toHaveAttribute('aria-current', 'page');
    await expect(banner).toBeVisible();
  }
  await expect(page.getByRole('button', { name: 'Project Pilot' })).toBeVisible();
  expect(errors).toEqual([]);
});
