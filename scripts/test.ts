// `npm test`: everything. Services first, then the checks, the tests beside the code, the journeys in e2e/.
// `.ci/run` calls it with CI=true: there a missing service or a skipped test is a failure.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addCounts, countsVariable, noTests, type TestCounts } from './count-reporter.ts';
import { ensurePythons, ensureServices, type FoundService } from './services.ts';
import { printSummary, runStep, runSteps, type StepResult, staticSteps } from './steps.ts';

const isCi = process.env.CI === 'true';

type Suite = { readonly result: StepResult; readonly counts: TestCounts };

printPhase('services and checks');
// Python's packages come over the network for minutes where they are missing; the checks and the unit tests need none.
const pythons = ensurePythons();
const [programs, checks] = await Promise.all([
  ensureServices(),
  runSteps([...staticSteps(), { name: 'web build', command: ['node', 'scripts/web-build.ts'] }]),
]);

printPhase('unit tests');
const unit = await runSuite('unit tests', 'unit', programs);
const waitingSince = performance.now();
const services = [...programs, ...(await pythons)];
const servicesSeconds = (performance.now() - waitingSince) / 1000;
const missing = services.filter((service) => !service.where);
const required = missing.filter((service) => !service.mark);
const servicesResult = { name: 'services', ok: !isCi || required.length === 0, seconds: servicesSeconds };

printPhase('slow tests');
const slow = await runSuite('slow tests', 'slow', services);
printPhase('journeys');
const e2e = await runSuite('journeys (e2e)', 'e2e', services);

const counts = [unit, slow, e2e].map((suite) => suite.counts).reduce(addCounts);
const verdicts = [skipVerdict(), databaseVerdict()];
printSummary([servicesResult, ...checks, unit.result, slow.result, e2e.result]);
// Again, last: what the runs themselves printed stands thousands of lines above.
for (const test of counts.failed) console.log(`  failed: ${test}`);
for (const verdict of verdicts) console.log(verdict.line);
const isGreen = [servicesResult, ...checks, unit.result, slow.result, e2e.result, ...verdicts].every(
  (part) => part.ok,
);
if (!isGreen) process.exitCode = 1;

function printPhase(name: string): void {
  console.log(`\n━━ ${name} ${'━'.repeat(60 - name.length)}`);
}

async function runSuite(name: string, project: string, services: readonly FoundService[]): Promise<Suite> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemill-counts-'));
  const file = join(folder, 'counts.json');
  const result = await runStep({
    name,
    command: [
      'vitest',
      'run',
      '--project',
      project,
      '--reporter',
      'default',
      '--reporter',
      './scripts/count-reporter.ts',
    ],
    env: { ...asVariables(services), [countsVariable]: file },
  });
  // No file means Vitest did not reach its end; its exit code has said so already.
  const counts = await readFile(file, 'utf8').then(
    (text): TestCounts => JSON.parse(text),
    () => noTests,
  );
  await rm(folder, { recursive: true });
  return { result: { ...result, ok: result.ok && counts.passed > 0 }, counts };
}

function asVariables(found: readonly FoundService[]): Record<string, string> {
  return Object.fromEntries(found.map(({ variable, where }) => [variable, where ?? '']));
}

function skipVerdict(): { readonly ok: boolean; readonly line: string } {
  const { passed, failed, skipped } = counts;
  const files = skipped.map((name) => name.split(' > ')[0] ?? name);
  for (const file of new Set(files)) {
    console.log(`  skipped: ${files.filter((other) => other === file).length} in ${file}`);
  }
  const names = missing.map((service) => service.name).join(', ');
  const because = missing.length > 0 ? ` (not found: ${names})` : '';
  const line = `tests: ${passed} passed, ${failed.length} failed, ${skipped.length} SKIPPED${because}`;
  const marks = missing.flatMap(({ mark }) => mark ?? []);
  const unexcused = skipped.filter((test) => !marks.some((mark) => test.includes(mark)));
  return { ok: !isCi || unexcused.length === 0, line };
}

/** Equal counts say that no store test was written for one database only. */
function databaseVerdict(): { readonly ok: boolean; readonly line: string } {
  const { sqlite, postgres } = counts;
  const line = `store tests: sqlite ${sqlite}, postgres ${postgres}`;
  const isThere = services.some(({ name, where }) => name === 'PostgreSQL' && where);
  if (!isThere) return { ok: !isCi, line: `${line}: PostgreSQL was SKIPPED` };
  if (sqlite !== postgres) return { ok: false, line: `${line}: UNEQUAL, each must run on both` };
  return { ok: true, line };
}
