/**
 * Writes responses into a project until it is killed. Usage: node chunkWriter.ts PROJECT RUN JOB. Prints the number of
 * stored stimuli after every acknowledged chunk, one per line.
 */
import { openProject } from '../node/project.ts';
import { chunkOf } from './responses.ts';

const [path, runId, jobId] = process.argv.slice(2) as [string, string, string];
const project = await openProject(path, { host: 'cli' });
if (project.readOnly !== null) throw new Error(project.readOnly);
const { areas, committed, stimuli } = await project.runs.get(runId);

for (let first = committed; first < stimuli;) {
  const count = Math.min(1 + ((first * 7) % 23), stimuli - first);
  await project.runs.commitChunk(chunkOf(runId, jobId, areas, first, count));
  first += count;
  process.stdout.write(`${first}\n`);
}
