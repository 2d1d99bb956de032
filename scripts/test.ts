/**
 * Everything that must hold before a change lands, in the order of what fails fastest. Every step runs even when an
 * earlier one failed, so that one run shows all there is to mend; only the browser tests need the build.
 * The last line is the count over all runners.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root, runNode, runTool } from './tools.ts';

type Count = { passed: number; failed: number; skipped: number; notes: string[] };

const reports = path.join(root, '.cache', 'reports');
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

function step(title: string, run: () => Promise<number>): Promise<Count> {
  return guarded(title, async () => {
    console.log(`\n── ${title}`);
    const code = await run();
    return {
      passed: code === 0 ? 1 : 0,
      failed: code === 0 ? 0 : 1,
      skipped: 0,
      notes: code === 0 ? [] : [`${title} failed`],
    };
  });
}

/** Whatever goes wrong around a runner is one failure of the count, never the end of it. */
async function guarded(title: string, run: () => Promise<Count>): Promise<Count> {
  try {
    return await run();
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, notes: [`${title} could not be run or read: ${String(error)}`] };
  }
}

/** A runner that dies before it reports counts as one failure; a failing exit with no failed test does too. */
function counted(title: string, code: number, count: Count | null): Count {
  if (count === null) return { passed: 0, failed: 1, skipped: 0, notes: [`${title} wrote no report`] };
  if (count.passed + count.failed === 0) return { ...count, failed: 1, notes: [`${title} ran no test`] };
  if (code !== 0 && count.failed === 0)
    return { ...count, failed: 1, notes: [`${title} ended with exit code ${code}`] };
  return count;
}

function readReport<T>(name: string): T | null {
  const file = path.join(reports, name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : null;
}

async function vitest(): Promise<Count> {
  console.log('\n── unit and integration tests');
  const output = path.join(reports, 'vitest.json');
  const code = await runTool('vitest', 'vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${output}`,
  ]);
  const report = readReport<VitestReport>('vitest.json');
  const unloaded = (report?.testResults ?? []).filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  return counted(
    'vitest',
    code,
    report && {
      passed: report.numPassedTests,
      failed: report.numFailedTests + unloaded.length,
      skipped: report.numPendingTests,
      notes: unloaded.map(({ name }) => `${path.relative(root, name)} failed outside its tests`),
    },
  );
}

type VitestReport = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  /** One for each file; a file that does not load has failed without a failed test. */
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[];
};

async function playwright(): Promise<Count> {
  console.log('\n── browser and desktop tests');
  const code = await runTool('@playwright/test', 'playwright', ['test', '--reporter=list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: path.join(reports, 'playwright.json'),
  });
  const report = readReport<PlaywrightReport>('playwright.json');
  const notes = report ? skipReasons(report) : [];
  return counted(
    'playwright',
    code,
    report && {
      passed: report.stats.expected,
      failed: report.stats.unexpected + report.stats.flaky,
      skipped: report.stats.skipped,
      notes,
    },
  );
}

type Suite = {
  suites?: Suite[];
  specs?: { tests: { annotations: { type: string; description?: string }[]; status: string }[] }[];
};
type PlaywrightReport = {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  suites: Suite[];
};

function skipReasons(suite: Suite): string[] {
  const own = (suite.specs ?? [])
    .flatMap((spec) => spec.tests)
    .filter((test) => test.status === 'skipped')
    .flatMap((test) =>
      test.annotations
        .filter(({ type }) => type === 'skip')
        .map(({ description }) => `skipped: ${description ?? 'no reason given'}`),
    );
  return [...new Set([...own, ...(suite.suites ?? []).flatMap(skipReasons)])];
}

const counts: Count[] = [
  await step('format', () => runTool('prettier', 'prettier', ['--check', '.', '--log-level', 'warn'])),
  await step('lint', () => runTool('oxlint', 'oxlint', ['--deny-warnings'])),
  await step('import rules', () => runNode([path.join(root, 'scripts', 'check-imports.ts')])),
  await step('types', () => runTool('typescript', 'tsc', ['-b'])),
  await step('build', () => runNode([path.join(root, 'scripts', 'build.ts')])),
  await guarded('vitest', vitest),
  await guarded('playwright', playwright),
];

const sum = (key: 'passed' | 'failed' | 'skipped'): number => counts.reduce((total, count) => total + count[key], 0);
console.log('');
for (const note of counts.flatMap(({ notes }) => notes)) console.log(note);
const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
