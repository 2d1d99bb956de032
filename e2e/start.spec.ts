/** `npm start` where Electron cannot run: one plain sentence, then the workbench in the browser within seconds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from './fixtures.ts';

const root = path.resolve(import.meta.dirname, '..');

test('npm start without a window prints an address within 10 s of the build and serves the workbench there', async ({
  home,
  page,
}) => {
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...environment } = process.env;
  const started = spawn(process.execPath, [path.join(root, 'scripts', 'start.ts'), '--browser'], {
    cwd: root,
    env: { ...environment, TWINSCOPE_HOME: home, BROWSER: 'none' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const heard: { text: string; at: number }[] = [];
  started.stdout.setEncoding('utf8').on('data', (text: string) => heard.push({ text, at: performance.now() }));
  const output = (): string => heard.map(({ text }) => text).join('');
  const heardAt = (text: string): number => heard.find((piece) => piece.text.includes(text))?.at ?? Number.NaN;
  try {
    await expect.poll(output, { timeout: 90_000 }).toContain('Twinscope is open at');
    expect(output()).toMatch(
      /^The desktop window is not available \(.+\), so Twinscope is served to a browser: open the address below in yours\.$/m,
    );
    expect(heardAt('Twinscope is open at') - heardAt('  desktop shell  ')).toBeLessThan(10_000);
    await page.goto(/http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(output())?.[0] ?? '');
    await expect(page.getByRole('navigation', { name: 'Steps' })).toBeVisible();
  } finally {
    const ended = once(started, 'exit');
    started.kill('SIGTERM');
    await ended;
  }
  expect(started.exitCode).toBe(0);
});
