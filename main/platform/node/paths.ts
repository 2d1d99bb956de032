/** Where Twinscope keeps things. TWINSCOPE_HOME moves all of it into one folder (tests, portable installations). */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

type Environment = Record<string, string | undefined>;

/** The user data folder: library of twins, logs, settings. */
export function userDataFolder(environment: Environment = process.env, platform: string = process.platform): string {
  if (environment['TWINSCOPE_HOME']) return resolve(environment['TWINSCOPE_HOME']);
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Twinscope');
  // Local, not roaming: twins are large and must not travel with a domain profile.
  if (platform === 'win32')
    return join(environment['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local'), 'Twinscope');
  return join(environment['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'twinscope');
}

/** Where new projects are created and looked for; a folder people see, because its files are theirs to copy. */
export function projectsFolder(environment: Environment = process.env): string {
  if (environment['TWINSCOPE_HOME']) return join(userDataFolder(environment), 'projects');
  return join(homedir(), 'Twinscope');
}

export function libraryFolder(environment: Environment = process.env): string {
  return join(userDataFolder(environment), 'library');
}

/** Graphs as ONNX Runtime optimised them for this processor: can be deleted at any time. */
export function graphCacheFolder(environment: Environment = process.env): string {
  return join(userDataFolder(environment), 'cache', 'graphs');
}

/** Responses of twins to reference sets: can be deleted at any time. */
export function referenceCacheFolder(environment: Environment = process.env): string {
  return join(userDataFolder(environment), 'cache', 'references');
}

/** What was measured of twins on the devices of this machine. */
export function deviceFile(environment: Environment = process.env): string {
  return join(userDataFolder(environment), 'devices.json');
}

/** One small file per process that measures a device, as long as it does. */
export function measuringFolder(environment: Environment = process.env): string {
  return join(userDataFolder(environment), 'measuring');
}

/** Empty folders that compute processes work in, so that a model opened there finds nothing to read beside itself. */
export function computeFolder(environment: Environment = process.env): string {
  return join(userDataFolder(environment), 'compute');
}

export function logFile(environment: Environment = process.env): string {
  return join(userDataFolder(environment), 'logs', 'twinscope.log');
}
