/** Composition root of the command line; also the entry of the built product's `twinscope` command. */
import { Command, CommanderError, Option } from 'commander';
import { isTwinscopeError } from '../platform/errors.ts';
import { createLog, logSentence, type Log } from '../platform/node/log.ts';
import { logFile } from '../platform/node/paths.ts';
import { createBackend, type Backend } from './backend.ts';
import { exitInterrupted, type CliContext } from './cli/context.ts';
import { projectCheck, projectInfo, projectUnlock, projectUpgrade, saveProtocol } from './cli/projectCommands.ts';
import { runPlanCommand } from './cli/planCommand.ts';
import { deviceOption, listDevices } from './cli/deviceCommands.ts';
import { modelGradient } from './cli/modelCommands.ts';
import { importTwin } from './cli/importCommand.ts';
import { packTwin } from './cli/packCommand.ts';
import { exportTwin, listTwins, removeTwin, showTwin, verifyTwins } from './cli/twinCommands.ts';
import { exportFrom, reportSearch } from './cli/reportCommand.ts';
import { measureTwinReference } from './cli/referenceCommand.ts';
import { renderStimuli } from './cli/renderCommand.ts';
import { serve } from './cli/serveCommand.ts';
import { tapTwin } from './cli/tapsCommand.ts';
import { spawnCompute } from './spawnCompute.ts';
import { twinscopeVersion } from './versions.ts';

/** 0: done. 1: it failed. 2: the request or its input was at fault. 130: stopped by Ctrl-C. */
const exitCodeOf: Record<string, number> = {
  'bad-input': 2,
  'not-found': 2,
  conflict: 2,
  'read-only': 2,
  unsupported: 2,
  'disk-full': 2,
  corrupt: 2,
  'newer-format': 2,
  cancelled: exitInterrupted,
};

/** Wraps a command: opens the backend, prints the result for people or programs, turns errors into a sentence. */
function action(program: Command, run: (context: CliContext, ...args: never[]) => Promise<number | void>) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const json = program.opts<{ json?: boolean }>().json === true;
    const log = createLog({ file: logFile() });
    let backend: Backend | null = null;
    try {
      backend = await createBackend({ host: 'cli', spawnCompute, log });
      const context: CliContext = {
        backend,
        json,
        print: (text, value) => console.log(json ? JSON.stringify(value, null, 2) : text),
      };
      const code = await run(context, ...(given.slice(0, -2) as never[]), command.opts() as never);
      process.exitCode = code ?? 0;
    } catch (error) {
      report(error, json, log);
    } finally {
      await backend?.close();
    }
  };
}

/** As `action`; the workbench has a backend of its own for as long as it is open. */
function serveAction(program: Command) {
  return async (options: Parameters<typeof serve>[0]): Promise<void> => {
    const log = createLog({ file: logFile() });
    try {
      await serve(options, log);
    } catch (error) {
      report(error, program.opts<{ json?: boolean }>().json === true, log);
    }
  };
}

function report(error: unknown, json: boolean, log: Log): void {
  const known = isTwinscopeError(error);
  const message = known
    ? error.message
    : `Something went wrong inside Twinscope (${log.error(error, 'the command line')}). Your project is safe. ${logSentence(log)}`;
  if (json) console.log(JSON.stringify({ error: { code: known ? error.code : 'internal', message } }, null, 2));
  else process.stderr.write(`${message}\n`);
  process.exitCode = known ? (exitCodeOf[error.code] ?? 1) : 1;
}

function buildProgram(): Command {
  const program = new Command('twinscope')
    .description('In-silico experiments on digital twins of brain areas, offline.')
    .version(twinscopeVersion)
    .option('--json', 'print machine-readable results')
    .exitOverride();
  program
    .command('serve')
    .description('open the workbench in a browser')
    .option('--port <number>', 'loopback port; a free one when left out')
    .option('--open', 'open it in the default browser')
    .option('--project <file>', 'the project to open; the sample or latest one when left out')
    .action(serveAction(program));

  const twins = program.command('twins').description('the library of twins on this machine');
  twins
    .command('list')
    .description('every twin, or those that the options leave')
    .option('--text <words>', 'title, id, summary, species, areas, authors, modality or licence have all these words')
    .option('--species <name>', 'e.g. macaque')
    .option('--area <name>', 'e.g. V1, which V1-simple belongs to')
    .option('--modality <words>', 'e.g. static')
    .option('--licence <name>', 'e.g. MIT, non-commercial or "not stated"')
    .option('--gradient <verdict>', 'what its check has shown here: verified … none, or "not checked"')
    .option('--max-size <size>', 'largest size on disk, e.g. 20MB')
    .action(action(program, listTwins));
  twins
    .command('show <id>')
    .description('one twin: areas, graph, checks, validity, performance, provenance, card')
    .action(action(program, showTwin));
  twins
    .command('import <path>')
    .description('a .twin folder or zip, or a bare .onnx file with a file of answers')
    .option('--template <file>', 'of a bare .onnx file: write the questions it leaves open as YAML, and import nothing')
    .option('--answers <file>', 'of a bare .onnx file: the answers, as YAML or JSON')
    .action(action(program, importTwin));
  twins
    .command('verify [id]')
    .description('hashes and golden checks')
    .option('--all', 'every twin in the library')
    .addOption(deviceOption('cpu'))
    .action(action(program, verifyTwins));
  twins
    .command('reference <id>')
    .description('measure the reference set that searches are z-scored over, so that none has to wait for it')
    .addOption(deviceOption('auto'))
    .action(action(program, measureTwinReference));
  twins
    .command('gradient [model]')
    .description("gradient of an output's mean with respect to an input of an .onnx file or a twin of the library")
    .option('--input <file...>', 'required: NAME=x.npy for every input; the name may be left out where there is one')
    .option('--wrt <name>', 'the input to differentiate by; the only floating-point one when left out')
    .option('--output <name>', 'the output to start from; the only one when left out')
    .option('--out <file>', 'required: the gradient as NPY')
    .addOption(deviceOption('cpu'))
    .action(action(program, modelGradient));
  twins
    .command('taps <id>')
    .description('activations of any layers of a twin of the library, as NPZ')
    .option('--list', 'print every tensor that can be asked for, with its shape, and nothing else')
    .option('--tensors <names...>', 'required without --list: tensors of the graph, separated by commas')
    .option('--stimuli <plan>', 'show the stimuli of a run plan')
    .option('--input <file>', "an NPY array that is the twin's input as it stands")
    .option('--out <file>', 'required without --list: the NPZ file; a table of the stimuli is written beside it')
    .action(action(program, tapTwin));
  twins
    .command('pack <folder>')
    .description('a package from a folder with twin.json and model.onnx: hashes, golden checks, refused as at import')
    .option('--out <place>', 'NAME.twin, or another name for a folder; beside the folder when left out')
    .action(action(program, packTwin));
  twins
    .command('export <id> <out>')
    .description('write a twin of the library to NAME.twin, or to a folder of any other name')
    .action(action(program, exportTwin));
  twins
    .command('remove <id>')
    .description('remove an imported twin; results it gave stay in their projects')
    .action(action(program, removeTwin));

  program
    .command('devices [twin]')
    .description('devices of this machine: speed, parity with the CPU and the choice, measured on a twin')
    .option('--again', 'measure again what was measured before')
    .action(action(program, listDevices));

  program
    .command('stimuli')
    .description('stimulus sets')
    .command('render <plan>')
    .description('write the stimuli of a run plan as PNG and NPY, moving ones frame by frame')
    .requiredOption('--out <folder>', 'required: a folder that does not exist yet')
    .option('--frame-rate <hz>', 'frames per second of moving stimuli; those of the twin, or 60')
    .option('--duration <seconds>', 'of moving stimuli; 1 when left out')
    .action(action(program, renderStimuli));

  for (const kind of ['run', 'search'] as const) {
    program
      .command(`${kind} <plan>`)
      .description(kind === 'run' ? 'present stimuli to a twin' : 'search for a stimulus')
      .requiredOption('--project <file>', 'required: the project that keeps the result; made when it does not exist')
      .option('--resume', 'continue the interrupted job of this plan')
      .addOption(deviceOption())
      .action(action(program, runPlanCommand(kind)));
  }
  program
    .command('protocol <plan>')
    .description('store a protocol plan in a project')
    .requiredOption('--project <file>', 'required: the project; made when it does not exist')
    .action(action(program, saveProtocol));
  program
    .command('report <search>')
    .description('write the report of a search: HTML with its pictures, or JSON, by the name of --out')
    .requiredOption('--project <file>', 'required: the project that holds it')
    .requiredOption('--out <file>', 'required: NAME.html or NAME.json')
    .action(action(program, reportSearch));
  program
    .command('export <project>')
    .description('write a protocol for the lab, or the report of a search')
    .requiredOption('--what <id>', 'required: a protocol, or for a report a search, by name or id')
    .addOption(
      new Option('--format <name>', 'required: what to write')
        .choices(['bundle', 'psychopy', 'report'])
        .makeOptionMandatory(),
    )
    .requiredOption('--out <folder>', 'required: where to write it')
    .action(action(program, exportFrom));

  const project = program.command('project').description('project files');
  project.command('info <file>').description('what a project holds').action(action(program, projectInfo));
  project
    .command('check <file>')
    .description('verify the file and every content hash')
    .action(action(program, projectCheck));
  project
    .command('unlock <file>')
    .description('release a project whose owner cannot be asked, on another computer')
    .action(action(program, projectUnlock));
  project
    .command('upgrade <file>')
    .description('bring a project to this version')
    .action(action(program, projectUpgrade));

  // Every command reports usage errors the same way.
  const overrideExits = (command: Command): void => {
    command.exitOverride();
    command.commands.forEach(overrideExits);
  };
  overrideExits(program);
  return program;
}

// Whoever reads may stop early, as `head` does: the rest is not said, and everything is closed as ever.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  // Help and version end with 0; everything else that commander refuses is bad usage.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else throw error;
}
