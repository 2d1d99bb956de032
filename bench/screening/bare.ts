/**
 * Inference alone, in a process of its own as compute is: opens the twin once and then, asked for a number of pictures,
 * answers with the seconds that the runs took together.
 */
import { openTwinSession, type SessionSettings, type TwinLocation } from '../../main/engine/node/twinSession.ts';
import { pictureFloats } from '../../main/engine/inputAdapter.ts';
import { Random } from '../../main/platform/random.ts';

export type BareOrder = { twin: TwinLocation; settings: SessionSettings; images: number };
export type BareAnswer = { seconds: number };

const opened = new Map<string, ReturnType<typeof openTwinSession>>();

process.on('message', (order: BareOrder) => void answer(order));

async function answer({ twin, settings, images }: BareOrder): Promise<void> {
  const key = JSON.stringify(settings);
  const known = opened.get(key) ?? openTwinSession(twin, settings);
  opened.set(key, known);
  const session = await known;
  const random = Random.fromSeed(1, 'bare run');
  const values = Float32Array.from({ length: 4096 }, () => random.normal());
  const pictures = Float32Array.from(
    { length: settings.batchSize * pictureFloats(session.format) },
    (_, i) => values[i % values.length] as number,
  );
  let seconds = 0;
  for (let done = 0; done < images; done += settings.batchSize) {
    const n = Math.min(settings.batchSize, images - done);
    const started = performance.now();
    await session.run(pictures, n);
    seconds += (performance.now() - started) / 1000;
  }
  process.send?.({ seconds } satisfies BareAnswer);
}
