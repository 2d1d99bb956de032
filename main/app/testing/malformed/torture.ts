/**
 * Sends malformed models through a real backend and a real compute process, one after the other, and judges every
 * answer: a refusal in sentences, or an ordinary run. Compute may die; the backend may not.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sha256Hex } from '../../../platform/hash.ts';
import { silentLog } from '../../../platform/node/log.ts';
import { encodeNpy } from '../../../stimuli/npy.ts';
import { packDraft, writePackage } from '../../../twins/node/package.ts';
import { smallManifest } from '../../../twins/testing/smallTwin.ts';
import { createBackend, type Backend } from '../../backend.ts';
import { spawnCompute } from '../../spawnCompute.ts';
import { malformedModel, type MalformedModel } from './damage.ts';
import { judgeAnswer, startLagProbe, type Answer } from './judge.ts';
import { inputShape, seedModels, units } from './seedModels.ts';

export type Outcome = {
  index: number;
  kind: string;
  seedModel: string;
  /** 'gradient', or the library's method. */
  request: string;
  ms: number;
} & Answer;

export type TortureReport = {
  outcomes: Outcome[];
  models: number;
  /** Good models that failed after a compute process ended. */
  failedAfterwards: string[];
  worstLagMs: number;
  peakBackendBytes: number;
  starts: number;
};

export type TortureOptions = {
  count: number;
  seed: number;
  /** After this a gradient counts as hanging, and compute is ended; an import, which asks for more, after twice this. */
  deadlineMs: number;
  /** Every which model is also imported as a twin. */
  packageEvery: number;
  onProgress?: (done: number) => void;
};

/** Address space of a compute process: models that claim more fail to get it, and the machine goes on. */
const mostAddressBytes = 12 * 2 ** 30;

export async function torture(options: TortureOptions): Promise<TortureReport> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-torture-'));
  const home = process.env['TWINSCOPE_HOME'];
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  let starts = 0;
  const backend = await createBackend({
    host: 'cli',
    log: silentLog(),
    builtInTwins: path.join(folder, 'none'),
    spawnCompute: async () => {
      starts += 1;
      const started = await spawnCompute({ quiet: true });
      if (process.platform === 'linux') spawnSync('prlimit', [`--pid=${started.pid}`, `--as=${mostAddressBytes}`]);
      return started;
    },
  });
  const lag = startLagProbe();
  try {
    const bench = new Bench(backend, folder, options);
    await bench.run();
    return { ...bench.result, models: options.count, starts, ...lag.stop() };
  } finally {
    lag.stop();
    await backend.close();
    if (home === undefined) delete process.env['TWINSCOPE_HOME'];
    else process.env['TWINSCOPE_HOME'] = home;
    rmSync(folder, { recursive: true, force: true });
  }
}

class Bench {
  readonly result: { outcomes: Outcome[]; failedAfterwards: string[] } = { outcomes: [], failedAfterwards: [] };
  readonly #backend: Backend;
  readonly #folder: string;
  readonly #options: TortureOptions;

  constructor(backend: Backend, folder: string, options: TortureOptions) {
    this.#backend = backend;
    this.#folder = folder;
    this.#options = options;
    const count = inputShape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, (_, at) => ((at * 37) % 101) / 101);
    writeFileSync(path.join(folder, 'x.npy'), encodeNpy(values, inputShape));
  }

  async run(): Promise<void> {
    const { count, seed, packageEvery, onProgress } = this.#options;
    for (const { name, bytes, files } of seedModels) {
      const fault = await this.#sound(bytes, files);
      if (fault !== null) throw new Error(`The undamaged model "${name}" does not run: ${fault}`);
    }
    for (let index = 0; index < count; index++) {
      const model = malformedModel(seed, index);
      await this.#judge(model, 'gradient', () => this.#gradient(model.bytes, model.files));
      if (index % packageEvery === 0) await this.#asTwin(model);
      onProgress?.(index + 1);
    }
    const fault = await this.#sound();
    if (fault !== null) this.result.failedAfterwards.push(fault);
  }

  async #gradient(bytes: Uint8Array, files: Record<string, Uint8Array>): Promise<unknown> {
    const place = path.join(this.#folder, 'model');
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place);
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(place, name), content);
    const modelFile = path.join(place, 'model.onnx');
    writeFileSync(modelFile, bytes);
    const inputs = [{ name: null, file: path.join(this.#folder, 'x.npy') }];
    const request = { modelFile, inputs, wrt: null, output: null, device: 'cpu' as const, threads: 1 };
    const { deadlineMs } = this.#options;
    return this.#backend.services.compute.call('model.gradient', request, { deadlineMs });
  }

  /** A model that is known to run: null when it does, else why not. */
  async #sound(bytes = seedModels[0]?.bytes as Uint8Array, files = {}): Promise<string | null> {
    try {
      await this.#gradient(bytes, files);
      return null;
    } catch (error) {
      return String(error);
    }
  }

  async #asTwin(model: MalformedModel): Promise<void> {
    const { handlers } = this.#backend;
    const context = { signal: new AbortController().signal };
    const id = `torture-${model.index}`;
    const source = path.join(this.#folder, id);
    await writePackage(source, packageOf(id, model));
    const imported = await this.#judge(model, 'import', () => handlers['library.import']({ path: source }, context));
    rmSync(source, { recursive: true });
    if (!imported) return;
    await this.#judge(model, 'get', () => handlers['library.get']({ id }, context));
    await this.#judge(model, 'graph', () => handlers['library.graph']({ id }, context));
    await this.#judge(model, 'verify', () => handlers['library.verify']({ id }, context));
    await handlers['library.remove']({ id }, context);
  }

  async #judge(model: MalformedModel, request: string, work: () => Promise<unknown>): Promise<boolean> {
    const { index, kind, seedModel } = model;
    const { compute } = this.#backend.services;
    const begun = performance.now();
    const pid = compute.pid();
    // Imports give compute an hour; here one that takes this long is ended from outside.
    const answer = await judgeAnswer(compute, 2 * this.#options.deadlineMs, work);
    const ms = performance.now() - begun;
    this.result.outcomes.push({ index, kind, seedModel, request, ...answer, ms });
    if (answer.result === 'died' || answer.result === 'deadline') {
      // The one that was stopped takes a moment to go; the next request starts another.
      while (pid !== null && compute.pid() === pid) await new Promise((go) => setTimeout(go, 5));
      const fault = await this.#sound();
      if (fault !== null) this.result.failedAfterwards.push(`after model ${index}: ${fault}`);
    }
    return answer.ran;
  }
}

function packageOf(id: string, { bytes, files }: MalformedModel): Map<string, Uint8Array> {
  const base = smallManifest();
  const axes = ['batch', 'channel', 'height', 'width'].map((name, at) => ({
    name,
    size: at === 0 ? null : inputShape[at],
  }));
  const manifest = {
    ...base,
    id,
    areas: [{ name: 'V1', label: 'V1', units }],
    inputs: base.inputs.map((input) => ({ ...input, axes })) as typeof base.inputs,
    outputs: base.outputs.map((output) => ({
      ...output,
      axes: [output.axes[0], { name: 'unit', size: units }],
    })) as typeof base.outputs,
  };
  const unit = (index: number) => ({ unit: `u${index}`, area: 'V1', index, xDeg: 0, yDeg: 0, sizeDeg: 1, extra: {} });
  const draft = {
    manifest,
    model: bytes,
    units: Array.from({ length: units }, (_, index) => unit(index)),
    checks: {
      inputs: { x: { shape: [1, 1, 8, 8], data: new Float32Array(64).fill(0.5) } },
      outputs: { y: { shape: [1, units], data: new Float32Array(units), tolerance: 1 } },
    },
  };
  const packed = packDraft(draft, { card: 'A card.\n', licence: 'MIT\n' });
  const written = JSON.parse(new TextDecoder().decode(packed.get('twin.json'))) as { files: Record<string, string> };
  for (const [name, content] of Object.entries(files)) {
    packed.set(name, content);
    written.files[name] = sha256Hex(content);
  }
  return packed.set('twin.json', new TextEncoder().encode(JSON.stringify(written)));
}
