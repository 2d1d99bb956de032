/** What the tests of the workbench share: watching for faults, and steps that more than one of them takes. */
import path from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';

export const samplePicture = (name: string): string =>
  path.resolve(import.meta.dirname, '..', 'resources', 'sample', name);

/** Collects what the page complains about: errors on its console and exceptions nobody caught. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

/** Goes to a page by the rail. */
export async function step(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name, exact: true }).click();
}

/** Chooses an option of a select by its label and the option's name. */
export async function choose(page: Page, field: Locator, option: string): Promise<void> {
  await field.click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

/** Makes a project of one's own by the project menu, which leads to the library. */
export async function createProject(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /^Project / }).click();
  await page.getByRole('menuitem', { name: 'New project' }).click();
  const dialog = page.getByRole('dialog', { name: 'New project' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Create project' }).click();
  await expect(page.getByRole('button', { name: `Project ${name}` })).toBeVisible();
}

/** Imports files as a set of photographs, up to the press of the button. */
export async function importPhotographs(page: Page, name: string, files: Parameters<Locator['setInputFiles']>[0]) {
  await step(page, 'Stimuli');
  await page.getByRole('button', { name: 'Import photographs' }).click();
  await page.getByLabel('Name of the set').fill(name);
  await page.locator('input[type=file]').setInputFiles(files);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
}

/** At least one picture stands in `part` of the page, and every one of them has loaded. */
export async function expectPictures(part: Locator): Promise<void> {
  const pictures = part.getByRole('img').and(part.page().locator('img'));
  await expect(pictures.first()).toBeVisible();
  await expect
    .poll(() =>
      pictures.evaluateAll((all) =>
        (all as HTMLImageElement[]).filter((img) => !(img.complete && img.naturalWidth > 0)).map((img) => img.src),
      ),
    )
    .toEqual([]);
}
