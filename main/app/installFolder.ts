import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** From sources this file is main/app/installFolder.ts, in the product it is bundled into dist/main. */
export const installFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
