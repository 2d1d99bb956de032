/** A bare ONNX file dropped on the library: asked about, tried on a picture while the answers change, and imported. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { choose, complaintsOf, createProject, step } from './workbench.ts';

const fixtures = path.resolve(import.meta.dirname, '..', 'main', 'engine', 'fixtures', 'gradient');

/** Drops files on the page, as a file manager does. */
async function drop(page: Page, names: readonly string[]): Promise<void> {
  const files = names.map((name) => ({ name, base64: readFileSync(path.join(fixtures, name)).toString('base64') }));
  const transfer = await page.evaluateHandle((given) => {
    const data = new DataTransfer();
    for (const { name, base64 } of given) {
      data.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name));
    }
    return data;
  }, files);
  await page.getByRole('grid', { name: 'Twins' }).dispatchEvent('drop', { dataTransfer: transfer });
}

test('a model with its weights beside it becomes a twin', async ({ page, host, home }) => {
  const complaints = complaintsOf(page);
  const uploads = (): string[] =>
    existsSync(path.join(home, 'uploads')) ? readdirSync(path.join(home, 'uploads')) : [];
  const library = (): string[] => readdirSync(path.join(home, 'library')).filter((name) => name.includes('@'));
  await page.goto(host.url);
  await createProject(page, 'Pilot');
  const dialog = page.getByRole('dialog', { name: 'Import twin' });

  await test.step('given up, it leaves nothing behind', async () => {
    await drop(page, ['external.onnx', 'external.data']);
    await expect(dialog).toContainText('external.onnx, external.data');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByRole('status', { name: 'Open questions' })).toHaveText(/answers to go/);
    expect(uploads()).toHaveLength(1);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByRole('grid', { name: 'Twins' })).toBeVisible();
    await expect.poll(uploads).toEqual([]);
    expect(library()).toEqual([]);
  });

  await test.step('nor when it is left for another page', async () => {
    await drop(page, ['convnet.onnx']);
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByRole('status', { name: 'Open questions' })).toBeVisible();
    expect(uploads()).toHaveLength(1);
    await step(page, 'Stimuli');
    await expect.poll(uploads).toEqual([]);
    await step(page, 'Library');
  });

  await drop(page, ['external.onnx', 'external.data']);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  const questions = page.getByRole('region', { name: 'Questions' });
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(questions).toContainText('batch × 3 × 10 × 10');
  await expect(preview.getByRole('status', { name: 'Why nothing is shown' })).toContainText(
    'its field of view in degrees',
  );

  await test.step('the picture and the responses follow the answers', async () => {
    await questions.getByRole('textbox', { name: 'Field of view' }).fill('4');
    await choose(page, questions.getByRole('combobox', { name: 'Encoding' }), 'sRGB curve, as in picture files');
    await choose(page, questions.getByRole('combobox', { name: 'Values' }), '0 to 1');
    const seen = preview.getByRole('img', { name: 'The picture as the network gets it' });
    await expect(seen).toBeVisible();
    await expect(seen).toContainText('x (°)');
    const values = preview.getByRole('table', { name: 'Values that the graph gets' });
    const red = values.getByRole('row', { name: /^red/ });
    await expect(red).toBeVisible();
    const before = await red.innerText();
    const bars = preview.getByRole('figure', { name: 'Responses of responses' }).getByRole('img');
    const drawn = await bars.innerHTML();
    await choose(page, questions.getByRole('combobox', { name: 'Values' }), '0 to 255');
    await expect(red).not.toHaveText(before);
    await expect.poll(() => bars.innerHTML()).not.toBe(drawn);
    await choose(page, preview.getByRole('combobox', { name: 'Picture to try' }), 'grating');
    await expect(preview.getByRole('status', { name: 'Why nothing is shown' })).toHaveCount(0);
    await preview.getByRole('textbox', { name: 'Spatial frequency' }).fill('5');
    await expect(preview.getByRole('status', { name: 'Why nothing is shown' })).toContainText(
      '5 cpd needs at least 10 px per degree',
    );
    await preview.getByRole('textbox', { name: 'Spatial frequency' }).fill('0.5');
    await expect(seen).toBeVisible();
  });

  await test.step('what is missing is said where it is missing', async () => {
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await expect(questions.getByRole('alert')).toContainText(/Nothing was imported: \d answers are missing/);
    await expect(questions.getByRole('combobox', { name: 'Species' })).toHaveAttribute('aria-invalid', 'true');
  });

  await questions.getByRole('textbox', { name: 'Summary' }).fill('A small network for tests.');
  await questions.getByRole('combobox', { name: 'Species' }).fill('none');
  await questions.getByRole('combobox', { name: 'Recording' }).fill('none');
  await questions.getByRole('combobox', { name: 'Units of a response' }).fill('arbitrary');
  await questions.getByRole('combobox', { name: 'Weights' }).fill('MIT');
  await questions
    .getByRole('group', { name: 'Area from responses' })
    .getByRole('combobox', { name: 'Name' })
    .fill('IT');
  await questions.getByRole('group', { name: 'Area from features' }).getByRole('combobox', { name: 'Name' }).fill('V4');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('status', { name: 'Open questions' })).toHaveText('All is answered');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  const pane = page.getByRole('region', { name: 'Twin', exact: true });
  await expect(pane).toContainText('A small network for tests.');
  await expect(page).toHaveURL(/\/library\/external$/);
  expect(library()).toEqual(['external@1.0.0']);
  await expect.poll(uploads).toEqual([]);
  expect(complaints).toEqual([]);
});
