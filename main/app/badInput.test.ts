/** Bad input on the command line: one clear sentence, exit code 2, and nothing that was there is lost. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import Database from 'better-sqlite3';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GraphBuilder, writeGraph } from '../onnx/index.ts';
import { sha256Hex } from '../platform/hash.ts';
import { encodeNpy } from '../stimuli/npy.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft } from '../twins/testing/smallTwin.ts';
import { installFolder } from './backend.ts';
import { runCli, type CliResult } from './testing/cliProcess.ts';
import { localFunction } from './testing/malformed/seedModels.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-bad-'));
const home = path.join(folder, 'home');
const project = path.join(folder, 'good.twinscope');
const gratings = {
  format: 1,
  kind: 'run',
  twin: 'macaque-v1-gabor-energy',
  stimuli: { design: { type: 'gratings', factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [2] } } },
};

let files = 0;
function writePlan(plan: unknown): string {
  const file = path.join(folder, `plan-${files++}.plan.json`);
  writeFileSync(file, JSON.stringify(plan));
  return file;
}
const hashOf = (file: string): string => sha256Hex(readFileSync(file));

/** One sentence or a few for a person: no stack, no table, no object. */
function expectRefusal({ code, stderr }: CliResult, said: RegExp): void {
  expect(stderr).toMatch(said);
  expect(stderr).not.toMatch(/ {4}at |Error:|\[object|undefined/);
  expect(stderr.trim().split('\n').length).toBe(1);
  expect(code).toBe(2);
}

beforeAll(async () => {
  const made = await runCli(['run', writePlan(gratings), '--project', project], home);
  if (made.code !== 0) throw new Error(made.stderr);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A valid header that announces 30,000 × 30,000 pixels, with data that would unpack to 900 MB. */
function hugePng(): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    let crc = ~0;
    for (const byte of body) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    const head = Buffer.alloc(4);
    head.writeUInt32BE(data.length);
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(~crc >>> 0);
    return Buffer.concat([head, body, tail]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(30_000, 0);
  header.writeUInt32BE(30_000, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(30_001 * 64));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('photographs', () => {
  test.each([
    ['an unreadable image', 'broken.jpg', () => Buffer.from('this is not a picture'), /broken\.jpg/],
    ['a zero-byte file', 'empty.png', () => Buffer.alloc(0), /empty\.png.*(empty|no bytes|0 bytes)/],
    ['a 30,000 × 30,000 PNG', 'huge.png', hugePng, /huge\.png.*30,?000 × 30,?000/],
  ])('%s', async (_, name, content, said) => {
    const images = path.join(folder, `images-${files++}`);
    mkdirSync(images);
    writeFileSync(path.join(images, name), content());
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#777' } })
      .png()
      .toFile(path.join(images, 'zz-good.png'));
    const runs = JSON.parse((await runCli(['project', 'info', project, '--json'], home)).stdout) as {
      counts: { runs: number };
    };
    const result = await runCli(
      ['run', writePlan({ ...gratings, stimuli: { imageFolder: images } }), '--project', project],
      home,
    );
    expectRefusal(result, said);
    const after = JSON.parse((await runCli(['project', 'info', project, '--json'], home)).stdout) as {
      counts: { runs: number };
    };
    expect(after.counts.runs).toBe(runs.counts.runs);
    expect((await runCli(['project', 'check', project], home)).code).toBe(0);
  });
});

test('serve: a port that is in use, and one that is none', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const said = new RegExp(`^Port ${port} is in use by another program\\. Choose another, or leave --port out\\.$`, 'm');
  expectRefusal(await runCli(['serve', '--port', String(port)], home), said);
  other.close();
  expectRefusal(await runCli(['serve', '--port', '65536'], home), /whole number from 0 to 65535/);
});

test.each([
  ['a unit that the twin lacks', { target: [{ area: 'V1-complex', units: ['c999'] }] }, /no unit 'c999'; the nearest/],
  [
    'a distance to a stimulus that the set lacks',
    { constraints: { distance: { from: gratings.stimuli, index: 9999, rms: { max: 0.1 } } } },
    /distance of the constraints is stimulus 9999 \(from 0\) of a set of \d+\. Nothing was started/,
  ],
  ['a range that holds no such contrast', { constraints: { contrastRms: 0.5, range: [0.4, 0.6] } }, /at most 0\.199/],
])('a search for %s leaves none in the project', async (_, asked, said) => {
  const plan = {
    format: 1,
    kind: 'search',
    twin: 'macaque-v1-gabor-energy',
    target: [{ area: 'V1-complex' }],
    space: { type: 'pixels' },
    reference: gratings.stimuli,
    optimiser: { type: 'gradient', steps: 2 },
    controls: { random: 1 },
    device: 'cpu',
    ...asked,
  };
  expectRefusal(await runCli(['search', writePlan(plan), '--project', project], home), said);
  const { counts } = JSON.parse((await runCli(['project', 'info', project, '--json'], home)).stdout) as {
    counts: { searches: number };
  };
  expect(counts.searches).toBe(0);
});

test('--resume without a project makes none', async () => {
  const missing = path.join(folder, 'missing.twinscope');
  const result = await runCli(['run', writePlan(gratings), '--project', missing, '--resume'], home);
  expectRefusal(result, /There is no project .*missing\.twinscope, so there is nothing to resume\. Nothing was made\./);
  expect(readdirSync(folder)).not.toContain('missing.twinscope');
});

test('a plan that waits to be resumed is told of when it is started anew', async () => {
  const file = path.join(folder, 'waiting.twinscope');
  copyFileSync(project, file);
  const database = new Database(file);
  database.prepare("UPDATE jobs SET state = 'paused'").run();
  database.close();
  const plan = path.join(folder, 'plan-0.plan.json');
  const anew = await runCli(['run', plan, '--project', file], home);
  expect(anew.stderr).toContain('An unfinished job of this plan is in the project and is kept');
  expect(anew.code).toBe(0);
});

test('a plan with an unknown key names the key that was meant', async () => {
  const before = hashOf(project);
  const result = await runCli(['run', writePlan({ ...gratings, batchsize: 4 }), '--project', project], home);
  expectRefusal(result, /batchsize.*batchSize/);
  expect(hashOf(project)).toBe(before);
});

describe('project files', () => {
  function damaged(name: string, change: (file: string) => void): string {
    const file = path.join(folder, name);
    copyFileSync(project, file);
    change(file);
    return file;
  }
  test.each([
    ['not ours', (file: string) => writeFileSync(file, 'a letter to a friend'), /not a Twinscope project/],
    [
      'newer',
      (file: string) => {
        const database = new Database(file);
        database.pragma('user_version = 999990');
        database.close();
      },
      /newer/,
    ],
    ['truncated', (file: string) => truncateSync(file, 20_000), /damaged|truncated|incomplete|cut off/],
  ])('%s', async (name, change, said) => {
    const file = damaged(`${name}.twinscope`, change);
    const before = hashOf(file);
    expectRefusal(await runCli(['run', writePlan(gratings), '--project', file], home), said);
    expect(hashOf(file)).toBe(before);
    expect(readdirSync(folder).filter((each) => each.startsWith(name) && each !== `${name}.twinscope`)).toEqual([]);
  });

  test('open elsewhere', async () => {
    const file = damaged('shared.twinscope', () => undefined);
    const holder = spawn(process.execPath, [path.join(import.meta.dirname, 'testing', 'holdProject.ts'), file], {
      env: { ...process.env, TWINSCOPE_HOME: home },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    try {
      expectRefusal(await runCli(['run', writePlan(gratings), '--project', file], home), /open|read/);
    } finally {
      holder.stdin.end();
      await once(holder, 'exit');
    }
    expect((await runCli(['project', 'check', file], home)).code).toBe(0);
  });
});

describe('twins', () => {
  test('another hash than the plan names', async () => {
    const twin = { id: 'macaque-v1-gabor-energy', version: '1.1.0', sha256: '0'.repeat(64) };
    expectRefusal(await runCli(['run', writePlan({ ...gratings, twin }), '--project', project], home), /000000/);
  });

  test('a file that was changed', async () => {
    const builtIn = path.join(installFolder, 'dist', 'twins', 'macaque-v1-gabor-energy');
    const other = path.join(folder, 'home-changed');
    const copy = path.join(other, 'library', 'macaque-v1-gabor-energy@1.0.1');
    cpSync(builtIn, copy, { recursive: true });
    const manifest = JSON.parse(readFileSync(path.join(copy, 'twin.json'), 'utf8')) as Record<string, unknown>;
    writeFileSync(path.join(copy, 'twin.json'), JSON.stringify({ ...manifest, version: '1.0.1' }));
    const model = readFileSync(path.join(copy, 'model.onnx'));
    model[model.length - 100] = (model[model.length - 100] as number) ^ 1;
    writeFileSync(path.join(copy, 'model.onnx'), model);
    const result = await runCli(
      [
        'run',
        writePlan({ ...gratings, twin: 'macaque-v1-gabor-energy@1.0.1' }),
        '--project',
        path.join(folder, 'changed.twinscope'),
      ],
      other,
    );
    expectRefusal(result, /model\.onnx/);
  });

  test('functions that expand to more than 100,000 nodes, in a package and as a bare model', async () => {
    const source = path.join(folder, 'expanding');
    const model = expandingModel(101, 1_000);
    expect(model.byteLength).toBeLessThan(200_000);
    const draft = { ...smallDraft({ id: 'expanding' }), model };
    await writePackage(source, packDraft(draft, { card: 'A card.\n', licence: 'MIT\n' }));
    const said = /local functions of this model expand to more than 100,000 nodes\. Nothing was changed\./;
    expectRefusal(await runCli(['twins', 'import', source], home), said);
    const { stdout } = await runCli(['twins', 'list', '--json'], home);
    const listed = JSON.parse(stdout) as { id: string; builtIn: boolean }[];
    expect(listed.length).toBeGreaterThan(0);
    expect(listed.filter(({ builtIn }) => !builtIn)).toEqual([]);
    const [file, input, out] = ['bare.onnx', 'bare.npy', 'gradient.npy'].map((name) => path.join(folder, name));
    writeFileSync(file as string, model);
    writeFileSync(input as string, encodeNpy(new Float32Array(16), [1, 1, 4, 4]));
    const args = ['twins', 'gradient', file, '--input', input, '--out', out] as string[];
    expectRefusal(await runCli(args, home), said);
    expect(existsSync(out as string)).toBe(false);
  });
});

/** `calls` calls, one after the other, of a local function of `nodes` nodes: a small file. */
function expandingModel(calls: number, nodes: number): Uint8Array {
  const builder = new GraphBuilder({ name: 'expanding' });
  builder.input('x', 'float32', ['batch', 1, 4, 4]);
  let last = builder.node('Reshape', ['x', builder.constant('flat', 'int64', [2], [-1n, 16n])]);
  for (let call = 0; call < calls; call++) last = builder.node('Gate', [last]);
  builder.node('MatMul', [last, builder.constant('w', 'float32', [16, 2], new Float32Array(32).fill(1 / 16))], {}, 'y');
  builder.output('y', 'float32', ['batch', 2]);
  const graph = builder.build();
  const inner = Array.from({ length: nodes - 2 }, () => ({ op: 'Relu', domain: '' }));
  return writeGraph({
    ...graph,
    opsets: new Map([...graph.opsets, ['local', 1]]),
    functions: [localFunction('Gate', inner)],
    nodes: graph.nodes.map((node) => (node.op === 'Gate' ? { ...node, domain: 'local' } : node)),
  });
}

// A file system of 3 MB inside a mount namespace of its own: needs Linux and the right to make one.
const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', '/mnt']).status === 0;
test.skipIf(!canMount)('a full disk: what was stored stays, and the run goes on when there is room', async () => {
  const disk = path.join(folder, 'disk');
  mkdirSync(disk);
  const plan = writePlan({ ...gratings, stimuli: { design: { type: 'noise', n: 900 } } });
  const file = path.join(disk, 'small.twinscope');
  const saved = path.join(folder, 'saved', 'small.twinscope');
  mkdirSync(path.dirname(saved));
  // The namespace, and the disk with it, ends with the shell: what is left of the project is copied out.
  const script = `mount -t tmpfs -o size=2m none "${disk}" && "$0" "$@"; code=$?; cp "${disk}"/* "${path.dirname(saved)}"; exit $code`;
  const result = await runCli(['run', plan, '--project', file], home, ['unshare', '-rm', 'sh', '-c', script]);
  expect(result.stderr).toMatch(/disk is full|full/);
  expect(result.code).toBe(2);
  expect((await runCli(['project', 'check', saved], home)).code).toBe(0);
  const resumed = await runCli(['run', plan, '--project', saved, '--resume', '--device', 'cpu', '--json'], home);
  expect(resumed.code, resumed.stderr).toBe(0);
  const undisturbed = await runCli(['run', plan, '--project', path.join(folder, 'roomy.twinscope'), '--json'], home);
  const hash = ({ stdout }: CliResult): unknown => (JSON.parse(stdout) as { contentSha256: string }).contentSha256;
  expect(hash(resumed)).toBe(hash(undisturbed));
});
