/** The version of everything that draws stimuli: another one wherever a pixel of them changes. */
import { hashJson } from '../platform/hash.ts';
import others from './drawing.lock.json' with { type: 'json' };
import still from './tsr1/tsr1.lock.json' with { type: 'json' };
import moving from './tsr1v/tsr1v.lock.json' with { type: 'json' };

/** Of the published hashes of the reference sets, and that over a panel of all other stimuli; tests draw them and compare. */
export const drawingVersion: string = hashJson([still.sha256, moving.sha256, others.sha256]).slice(0, 12);
