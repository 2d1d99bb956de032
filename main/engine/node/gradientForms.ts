/** The forms of a gradient timed in the sessions that a run would have, each asked for its memory as a run is. */
import * as ort from 'onnxruntime-node';
import type { DeviceId } from '../../contract/devices.ts';
import type { Graph } from '../../onnx/index.ts';
import { measureLowering, type LoweringMeasurement, type MeasuredModel } from './lowering.ts';
import { writeWithReferences, type ModelFile } from './modelFile.ts';
import { createOrtSession } from './ortSession.ts';
import { requireSessionMemory } from './sessionMemory.ts';

/**
 * Throws 'unsupported' where no gradient can be derived.
 * @param gradient shapes: of the inputs of the batch that is timed; title: names the model in sentences
 * @param settings budgetMs: what begins later keeps its usual form
 */
export function measureForms(
  model: ModelFile,
  gradient: { title: string; wrt: string; outputs: string[]; shapes: ReadonlyMap<string, readonly number[]> },
  settings: { device: DeviceId; threads: number; batchSize: number; budgetMs: number },
): Promise<LoweringMeasurement> {
  const { title, wrt, outputs, shapes } = gradient;
  const { device, threads, batchSize, budgetMs } = settings;
  const what = `A form of the gradient of ${title}`;

  async function load(graph: Graph): Promise<MeasuredModel> {
    // The form that it is timed against is loaded already.
    requireSessionMemory(graph, { kind: 'gradient', what, device, shapes, batchSize: null });
    const bytes = writeWithReferences(graph, model);
    const session = await createOrtSession({ model: bytes, referencesIn: model.folder, device, threads, title });
    return {
      run: (feeds) =>
        session.run(
          Object.fromEntries(
            Object.entries(feeds).map(([name, { shape, data }]) => [name, new ort.Tensor('float32', data, shape)]),
          ),
        ),
      release: () => session.release(),
    };
  }
  return measureLowering(model.graph, { wrt, outputs }, { device, batchSize, budgetMs, load });
}
