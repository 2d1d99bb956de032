/** What the shell takes of a page before it hands it on. */
import { expect, test } from 'vitest';
import type { ResourceRequest } from '../main/contract/desktop.ts';
import { answerPage, origin } from './protocol.ts';

/** A backend that keeps what it was handed. */
function backend() {
  const handed: ResourceRequest[] = [];
  const resource = (request: ResourceRequest) => {
    handed.push(request);
    return Promise.resolve({ status: 204, headers: [], body: new Uint8Array() });
  };
  return { handed, resource };
}
const put = (body: BodyInit): Request =>
  new Request(`${origin}/resource/upload/batch/cat%20one.png`, { method: 'PUT', body, duplex: 'half' } as RequestInit);

test('a file larger than one may be is refused while it arrives, and never reaches the backend', async () => {
  let sent = 0;
  let broken = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 65_536;
      if (sent > 1e8) controller.error(new Error('it was read without a limit'));
      else controller.enqueue(new Uint8Array(65_536));
    },
    cancel: () => void (broken = true),
  });
  const processes = backend();
  const answer = await answerPage(put(endless), processes, 1e6);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toBe(
    'cat one.png has more than 1 MB, the most that one file to import may have. Nothing of it was stored. Make it smaller and import it again.',
  );
  expect(sent).toBeLessThan(2e6);
  expect(broken).toBe(true);
  expect(processes.handed).toEqual([]);
});

test('one of exactly that size is handed on whole', async () => {
  const bytes = Uint8Array.from({ length: 1e6 }, (_, at) => at % 251);
  const processes = backend();
  expect((await answerPage(put(new Blob([bytes]).stream()), processes, 1e6)).status).toBe(204);
  expect(Buffer.from(processes.handed[0]?.body ?? []).equals(Buffer.from(bytes))).toBe(true);
});
