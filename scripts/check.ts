// `npm run check`: format, lint, types, import order and unit tests, in that order.
import { printSummary, runSteps, staticSteps } from './steps.ts';

const results = await runSteps([
  ...staticSteps(),
  { name: 'unit tests', command: ['vitest', 'run', '--project', 'unit'] },
]);
printSummary(results);
if (results.some((result) => !result.ok)) process.exitCode = 1;
