/** The twin as one ONNX graph with four outputs. */
import { GraphBuilder, type Graph } from '../../main/onnx/index.ts';
import { addV1, addV2 } from './graphEarly.ts';
import { addIt, addV4 } from './graphLate.ts';
import { partsOf } from './graphParts.ts';
import { areas, background, pxPerDeg, sizePx, unitsPerArea, type Area } from './parameters.ts';
import type { Population } from './population.ts';
import type { Prototypes } from './prototypes.ts';

export const inputTensor = 'stimulus';
export const outputTensors: Record<Area, string> = { V1: 'v1', V2: 'v2', V4: 'v4', IT: 'it' };

/** Input [batch, 1, 192, 192] luminance; outputs [batch, units] per area, in arbitrary units. */
export function buildGraph(population: Population, prototypes: Prototypes): Graph {
  const builder = new GraphBuilder({ name: 'macaque_ventral_hierarchy' });
  const parts = partsOf(builder);
  const stimulus = builder.input(inputTensor, 'float32', ['batch', 1, sizePx, sizePx]);
  const difference = builder.node('Sub', [stimulus, parts.scalar('background', background)], {}, 'difference');
  const contrast = builder.node('Mul', [difference, parts.scalar('per_background', 1 / background)], {}, 'contrast');
  const inputs = { contrast, squared: builder.node('Mul', [contrast, contrast], {}, 'squared_contrast') };
  const energies = addV1(parts, inputs, population, outputTensors.V1);
  addV2(parts, energies, population, outputTensors.V2);
  const c2 = addV4(parts, inputs, population, prototypes, outputTensors.V4);
  addIt(parts, c2, population, prototypes, outputTensors.IT);
  for (const area of areas) builder.output(outputTensors[area], 'float32', ['batch', unitsPerArea[area]]);
  builder.metadata('twinscope_px_per_degree', String(pxPerDeg));
  return builder.build();
}
