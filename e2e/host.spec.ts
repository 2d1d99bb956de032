/** The browser host as a person meets it: the printed address opens the workbench, once, and nothing else does. */
import { expect, test } from './fixtures.ts';

test('the printed address opens the workbench and a reload keeps it', async ({ page, host }) => {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(host.url);
  await expect(page.getByRole('navigation', { name: 'Steps' })).toBeVisible();
  expect(page.url()).not.toContain('token');
  await page.reload();
  await expect(page.getByRole('navigation', { name: 'Steps' })).toBeVisible();
  // Nothing the policy forbids is asked for, and nothing is missing.
  expect(complaints).toEqual([]);
});

test('without the token, or with a used one, every request is refused', async ({ page, host, browser }) => {
  const { origin } = new URL(host.url);
  const stranger = await browser.newContext();
  const refused = async (address: string): Promise<void> => {
    const response = await stranger.request.get(address, { maxRedirects: 0 });
    expect(response.status()).toBe(401);
  };
  for (const address of ['/', '/index.html', '/resource/thumbnail/0', '/rpc']) await refused(`${origin}${address}`);
  await page.goto(host.url);
  await expect(page.getByRole('navigation', { name: 'Steps' })).toBeVisible();
  await refused(host.url);
  await refused(`${origin}/`);
  await stranger.close();
});

test('a page from elsewhere cannot open the socket', async ({ page, host, browser }) => {
  await page.goto(host.url);
  await expect(page.getByRole('navigation', { name: 'Steps' })).toBeVisible();
  const address = `${new URL(host.url).origin.replace('http', 'ws')}/rpc`;
  const stranger = await browser.newPage();
  await stranger.goto('data:text/html,<title>elsewhere</title>');
  const outcome = await stranger.evaluate(
    (url) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(url);
        socket.addEventListener('open', () => resolve('open'));
        socket.addEventListener('error', () => resolve('refused'));
      }),
    address,
  );
  expect(outcome).toBe('refused');
  await stranger.close();
});
