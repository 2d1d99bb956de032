import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Minutes long, so they start first: at the end they would keep one core busy and the other waiting. */
const long = ['searchScienceSimple', 'searchScienceComplex', 'computeKills', 'kill', 'malformed'];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = long.findIndex((name) => moduleId.includes(`/${name}.test.`));
      return at === -1 ? long.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['{main,models,renderer,electron,scripts,bench}/**/*.test.{ts,tsx}'],
    sequence: { sequencer: LongFirst },
    // Integration tests start real processes and real inference sessions; two cores are the smallest machine we promise.
    // The limits only end what hangs: no test may depend on being quick.
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
  },
});
