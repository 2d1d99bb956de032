/** From an empty profile to a protocol a lab can run, with nothing but the mouse, the keyboard and a few files. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import {
  choose,
  complaintsOf,
  createProject,
  expectPictures,
  importPhotographs,
  samplePicture,
  step,
} from './workbench.ts';

const twin = 'Macaque V1, Gabor';

/** Keeps a picture of the page among the test's results, to look at. */
type Look = (name: string) => Promise<void>;

async function verifyTwin(page: Page): Promise<void> {
  await page.getByRole('grid', { name: 'Twins' }).getByRole('row', { name: twin }).click();
  const pane = page.getByRole('region', { name: 'Twin', exact: true });
  await pane.getByRole('tab', { name: 'Checks' }).click();
  await pane.getByRole('button', { name: 'Verify' }).click();
  await expect(pane.getByText(/^Reproduces here: yes \(CPU /)).toBeVisible({ timeout: 60_000 });
  const row = page.getByRole('grid', { name: 'Twins' }).getByRole('row', { name: twin });
  await expect(row.getByText('yes', { exact: true })).toBeVisible();
  await expect(row.getByText('verified', { exact: true })).toBeVisible();
  await expect(pane.getByText('The gradient agrees with finite differences')).toBeVisible();
}

/** Finds the layer of an area in the graph and reads what the file says about it. */
async function lookAtGraph(page: Page): Promise<void> {
  const pane = page.getByRole('region', { name: 'Twin', exact: true });
  await pane.getByRole('tab', { name: 'Graph' }).click();
  const nodes = pane.getByRole('grid', { name: 'Nodes' });
  await pane.getByText('Areas only').click();
  await pane.getByLabel('Find nodes').fill('v1_complex');
  await nodes.getByRole('row', { name: 'V1-complex, output' }).click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.getByText('V1-complex, output of the twin')).toBeVisible();
  await inspector
    .getByRole('button', { name: /v1_complex_driven|Mul$/ })
    .first()
    .click();
  await expect(inspector.getByRole('button', { name: 'Copy v1_complex_driven' }).first()).toBeVisible();
  await pane.getByRole('tab', { name: 'Card' }).click();
}

async function designGratings(page: Page, name: string): Promise<void> {
  await step(page, 'Stimuli');
  await page.getByRole('button', { name: 'New set' }).click();
  const design = page.getByRole('region', { name: 'Design' });
  await design.getByLabel('Name').fill(name);
  await design.getByLabel('Levels of orientation').fill('0:45:135');
  await design.getByLabel('Levels of spatial frequency').fill('1.5 3');
  await design.getByLabel('Levels of phase').fill('0 90');
  await expect(design.getByText('16 combinations')).toBeVisible();
  await expectPictures(page.getByLabel('Samples'));
  await page.getByRole('button', { name: 'Create set' }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
  const sheet = page.getByRole('group', { name: 'Stimuli' });
  // Sixteen gratings and the blank.
  await expect(sheet.getByRole('button')).toHaveCount(17);
  await expectPictures(sheet);
}

async function importSample(page: Page, name: string): Promise<void> {
  const files = ['02-mountains.jpg', '04-pebbles.jpg', '10-meadow.jpg', '11-fruit.png'];
  await importPhotographs(page, name, files.map(samplePicture));
  await expect(page.getByRole('heading', { name })).toBeVisible();
  await expectPictures(page.getByRole('group', { name: 'Stimuli' }));
}

async function runSet(page: Page, name: string): Promise<void> {
  await step(page, 'Experiment');
  await choose(page, page.getByRole('combobox', { name: 'Stimulus set' }), name);
  await expect(page.getByRole('combobox', { name: 'Twin' })).toHaveValue(new RegExp(twin));
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('grid', { name: 'Units' })).toBeVisible({ timeout: 60_000 });
}

/** Selects the second unit of the list, sees its tuning and gives its name. */
async function selectUnit(page: Page): Promise<string> {
  const row = page.getByRole('grid', { name: 'Units' }).getByRole('row').nth(2);
  await row.click();
  await expect(row).toHaveAttribute('aria-selected', 'true');
  const unit = await row.getByRole('gridcell').first().innerText();
  const plots = page.getByRole('region', { name: 'Plots' });
  const figure = plots.getByRole('figure', { name: new RegExp(`^V1-\\w+ ${unit}$`) });
  await expect(figure.getByRole('img').first()).toBeVisible();
  await expect(figure.locator('svg[data-plot] path').first()).toBeVisible();
  await expectPictures(plots);
  return unit;
}

async function searchFor(page: Page, unit: string, look: Look): Promise<void> {
  await page.getByRole('button', { name: 'Drive this unit' }).click();
  const plan = page.getByRole('region', { name: 'Plan' });
  await expect(plan.getByRole('group', { name: 'Target 1' })).toContainText(unit);
  await plan.getByLabel('Steps', { exact: true }).fill('40');
  await plan.getByLabel('Starts', { exact: true }).fill('2');
  await plan.getByLabel('Random images').fill('40');
  // The built-in set has hundreds of images, which take longer than all that this test is about.
  await choose(page, plan.getByRole('combobox', { name: 'Reference set' }), 'Orientations');
  await page.getByRole('button', { name: 'Search', exact: true }).click();

  const live = page.getByRole('region', { name: 'Live' });
  // At once, while its reference is measured: on a fast computer the steps are over before a test could look at them.
  await live.getByRole('button', { name: 'Pause' }).click();
  const standing = live.getByText(/(^|· )paused$/);
  await expect(standing).toBeVisible();
  // A page that is opened again shows the search where it stands and takes it up.
  const before = await standing.innerText();
  await page.reload();
  await expect(standing).toHaveText(before);
  await look('search paused');
  await live.getByRole('button', { name: 'Resume' }).click();
  await expectPictures(live.getByRole('group', { name: /^Best of each start$|^Candidates$/ }));
  await expect(live.getByRole('group', { name: 'Candidates' }).getByRole('button')).toHaveCount(2, { timeout: 60_000 });
  await expectPictures(live);
  const claims = page.getByRole('list', { name: 'Claims' }).getByRole('listitem');
  await expect(claims).toHaveCount(5);
  await expect(claims).toHaveText([
    /^Beats 40 pink noise images .+: .+ z against .+ z/,
    /^Beats best of 4 images/,
    /^Beats best of \d+ gratings/,
    /^Beats best of 240 starting images of the same space/,
    /^Beats 99 phase scrambles of the candidate/,
  ]);
  await look('search report');
}

async function exportProtocol(page: Page, photographs: string): Promise<string[]> {
  await page.getByRole('button', { name: 'Add to protocol' }).click();
  const items = page.getByRole('list', { name: 'What is shown' });
  await expect(items.getByRole('listitem')).toHaveCount(1);
  await choose(page, page.getByRole('combobox', { name: 'Add set' }), photographs);
  await expect(items.getByRole('listitem')).toHaveCount(2);
  await page.getByRole('button', { name: 'Save protocol' }).click();
  await expect(page.getByRole('button', { name: 'Save protocol' })).toBeDisabled();
  const folders: string[] = [];
  for (const format of ['PsychoPy', 'Bundle']) {
    const card = page.getByRole('region', { name: format, exact: true });
    await card.getByRole('button', { name: /^Export/ }).click();
    const checks = card.getByRole('list', { name: 'Checks' });
    await expect(checks.getByRole('img', { name: 'passed' }).first()).toBeVisible({ timeout: 60_000 });
    await expect(checks.getByRole('img', { name: 'failed' })).toHaveCount(0);
    folders.push(await card.locator('code').innerText());
  }
  return folders;
}

/** Every file of the folder has the hash that SHA256SUMS states. */
async function expectSums(folder: string): Promise<void> {
  const lines = (await readFile(path.join(folder, 'SHA256SUMS'), 'utf8')).trim().split('\n');
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const [stated, name] = line.split('  ') as [string, string];
    const bytes = await readFile(path.join(folder, name));
    expect(createHash('sha256').update(bytes).digest('hex'), name).toBe(stated);
  }
}

/** Every picture that the trials name lies in the folder. */
async function expectConditions(folder: string): Promise<void> {
  const [head = '', ...rows] = (await readFile(path.join(folder, 'conditions.csv'), 'utf8')).trim().split(/\r?\n/);
  const column = head.split(',').indexOf('image_file');
  expect(column).toBeGreaterThanOrEqual(0);
  // A cell in quotes may hold commas.
  const cells = (row: string): string[] => row.match(/(?<=^|,)("(?:[^"]|"")*"|[^,"]*)(?=,|$)/g) ?? [];
  const named = new Set(rows.map((row) => cells(row)[column] as string));
  // Four photographs, the candidate and its controls at least.
  expect(named.size).toBeGreaterThan(6);
  for (const name of named) expect((await stat(path.join(folder, name))).size, name).toBeGreaterThan(0);
}

test('from an empty profile to an exported protocol', async ({ page, host, home }, info) => {
  const look: Look = async (name) => void (await page.screenshot({ path: info.outputPath(`${name}.png`) }));
  const complaints = complaintsOf(page);
  await page.goto(host.url);
  await expect(page.getByRole('button', { name: 'Project Sample' })).toBeVisible();
  await createProject(page, 'Pilot');
  await verifyTwin(page);
  await look('library');
  await lookAtGraph(page);
  await look('graph');
  await designGratings(page, 'Orientations');
  await importSample(page, 'Scenes');
  await look('stimuli');
  await runSet(page, 'Orientations');
  const unit = await selectUnit(page);
  await look('experiment');
  await searchFor(page, unit, look);
  const folders = await exportProtocol(page, 'Scenes');
  await look('protocol');
  for (const folder of folders) {
    expect(path.relative(home, folder)).not.toMatch(/^\.\./);
    await expectSums(folder);
  }
  await expectConditions(folders[0] as string);
  expect(complaints).toEqual([]);
});
