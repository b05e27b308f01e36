// Opens a Python model and holds it until somebody kills this process. `node python-holder.ts FOLDER MODEL PYTHON`
import { join } from 'node:path';
import { localExecutor } from '../adapters/executor/local.ts';
import { createPythonRuntimes } from '../adapters/inference/python.ts';
import { readSavedModel } from './python-models.ts';

const [folder = '', model = '', python = ''] = process.argv.slice(2);
const runtimes = createPythonRuntimes({
  executor: localExecutor(),
  environments: { ensure: () => Promise.reject(new Error('No environment is needed.')) },
  environment: { PATH: process.env.PATH ?? '' },
  buildEnvironment: {},
  folder: join(folder, 'held'),
  python,
});
const runtime = await runtimes.open(readSavedModel(join(folder, model), ['deed']));
console.log(runtime.describe().pid);
await runtime.predictTable?.(new Map([['deed', Float64Array.of(4)]]), 1);
