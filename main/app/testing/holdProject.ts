/** Keeps a project open until standard input ends. Argument: the project file. */
import { openProject } from '../../projects/node/project.ts';

const project = await openProject(process.argv[2] as string, { host: 'browser' });
process.stdout.write('open\n');
process.stdin.resume();
process.stdin.once('end', () => void project.close());
