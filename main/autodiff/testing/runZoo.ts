/** `node bin/node24.cjs main/autodiff/testing/runZoo.ts [PART OF A NAME …]`: one line per file, and what stops those that fail. */
import { compareWithPyTorch, zoo } from './zoo.ts';

const parts = process.argv.slice(2);
const reasons = new Map<string, string[]>();
let passed = 0;
let files = 0;
for (const model of zoo) {
  for (const file of model.files) {
    if (parts.length > 0 && !parts.some((part) => file.file.includes(part))) continue;
    const label = `${model.name}, ${file.exporter}, opset ${file.opset}`;
    const started = performance.now();
    files += 1;
    try {
      const { batch, single } = await compareWithPyTorch(model, file);
      const deviations = [batch.outputs, batch.gradient, single.outputs, single.gradient];
      const good = deviations.every((value) => value <= 1e-4);
      if (good) passed += 1;
      const figures = deviations.map((value) => value.toExponential(1)).join(' ');
      console.log(`${good ? 'ok  ' : 'FAR '} ${label}: ${figures}, ${Math.round(performance.now() - started)} ms`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.log(`FAIL ${label}: ${reason}`);
      const operator = /through (\w+)/.exec(reason)?.[1] ?? reason.slice(0, 80);
      reasons.set(operator, [...(reasons.get(operator) ?? []), label]);
    }
  }
}
console.log(`${passed} of ${files} files agree with PyTorch`);
for (const [reason, labels] of [...reasons].toSorted((a, b) => b[1].length - a[1].length))
  console.log(`${labels.length} × ${reason}`);
