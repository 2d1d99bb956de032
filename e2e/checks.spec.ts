/** A gradient check that takes long, on a real twin: it says how far it is, and Stop ends it with nothing stored. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from './fixtures.ts';
import { complaintsOf, createProject } from './workbench.ts';

const slowTwin = path.resolve(import.meta.dirname, '..', 'main', 'app', 'testing', 'slowTwin.ts');

test('the check of an import and of Verify can be stopped; the twin stays, not checked', async ({
  page,
  host,
  home,
}) => {
  const complaints = complaintsOf(page);
  const folder = path.join(home, 'packages', 'slow-twin');
  expect(spawnSync(process.execPath, [slowTwin, folder], { stdio: 'inherit' }).status).toBe(0);
  await page.goto(host.url);
  await createProject(page, 'Pilot');

  await page.getByRole('button', { name: 'Import twin' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import twin' });
  await dialog.getByLabel('Twin package').fill(folder);
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(dialog.getByRole('status')).toHaveText(/^Checking the gradient: direction \d of 8$/, {
    timeout: 60_000,
  });
  await dialog.getByRole('button', { name: 'Stop' }).click();
  await expect(dialog.getByRole('alert')).toContainText('The import was stopped.');
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  const row = page.getByRole('grid', { name: 'Twins' }).getByRole('row', { name: 'Slow twin' });
  await row.click();
  const pane = page.getByRole('region', { name: 'Twin', exact: true });
  await pane.getByRole('tab', { name: 'Checks' }).click();
  await expect(pane.getByText('Not checked on this computer yet.')).toBeVisible();
  await pane.getByRole('button', { name: 'Verify' }).click();
  await expect(pane.getByRole('button', { name: 'Verify' })).toBeDisabled();
  await expect(pane.getByRole('status')).toHaveText(/^Checking the gradient/);
  await pane.getByRole('button', { name: 'Stop' }).click();
  await expect(pane.getByRole('status')).toHaveText(/^The check was stopped\. What was stored before is kept\./);
  await expect(pane.getByRole('button', { name: 'Stop' })).toHaveCount(0);
  await expect(pane.getByRole('button', { name: 'Verify' })).toBeEnabled();
  await expect(pane.getByText('Not checked on this computer yet.')).toBeVisible();
  await expect(row.getByText('not checked', { exact: true })).toHaveCount(2);

  // Compute is free again: the built-in twin can be verified.
  await page.getByRole('grid', { name: 'Twins' }).getByRole('row', { name: 'Macaque V1, Gabor' }).click();
  await pane.getByRole('tab', { name: 'Checks' }).click();
  await pane.getByRole('button', { name: 'Verify' }).click();
  await expect(pane.getByText(/^Reproduces here: yes \(CPU /)).toBeVisible({ timeout: 60_000 });
  expect(complaints).toEqual([]);
});
