/** A twin's package leaves the library by its page: as a file that is never written over, and for good. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './fixtures.ts';
import { complaintsOf, createProject } from './workbench.ts';

const slowTwin = path.resolve(import.meta.dirname, '..', 'main', 'app', 'testing', 'slowTwin.ts');

test('a twin is exported to a file, and an own one is removed', async ({ page, host, home }) => {
  const complaints = complaintsOf(page);
  const folder = path.join(home, 'library', 'slow-twin@1.0.0');
  expect(spawnSync(process.execPath, [slowTwin, folder], { stdio: 'inherit' }).status).toBe(0);
  await page.goto(host.url);
  await createProject(page, 'Pilot');
  const twins = page.getByRole('grid', { name: 'Twins' });
  const pane = page.getByRole('region', { name: 'Twin', exact: true });

  await twins.getByRole('row', { name: 'Macaque V1, Gabor' }).click();
  await pane.getByRole('tab', { name: 'Provenance' }).click();
  await expect(pane.getByRole('button', { name: 'Remove from library' })).toHaveCount(0);
  await pane.getByRole('button', { name: 'Export package' }).click();
  const dialog = page.getByRole('dialog', { name: 'Export package' });
  const place = dialog.getByLabel('Write to');
  await expect(place).toHaveValue(/projects.macaque-v1-gabor-energy-\d+\.\d+\.\d+\.twin$/);
  const file = await place.inputValue();
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await expect(dialog.getByRole('status')).toHaveText(/^Wrote \d+ files, \d+ MB, to .*\.twin\.$/);
  expect(readFileSync(file).subarray(0, 4).toString('latin1')).toBe('PK\x03\x04');
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('already exists and was left as it is');
  await dialog
    .getByRole('button', { name: /Cancel|Close/ })
    .last()
    .click();

  await twins.getByRole('row', { name: 'Slow twin' }).click();
  await pane.getByRole('tab', { name: 'Provenance' }).click();
  await pane.getByRole('button', { name: 'Remove from library' }).click();
  const question = page.getByRole('dialog', { name: 'Remove from library' });
  await expect(question).toContainText('Results it gave stay in their projects.');
  await question.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(twins.getByRole('row', { name: 'Slow twin' })).toHaveCount(0);
  expect(existsSync(folder)).toBe(false);
  expect(complaints).toEqual([]);
});
