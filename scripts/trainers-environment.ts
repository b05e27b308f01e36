/**
 * Makes the Python that the demo's trainers run in, once per list of packages, in the cache. Standard output is for
 * programs, a JSON object a line: {"say"} on the way, and at last {"python", "torch", "missing"}.
 */
import { join } from 'node:path';
import { addTorch, ensureTrainers } from './python-environment.ts';
import { root } from './steps.ts';

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const say = (text: string): void => print({ say: text });

const requirements = join(root, 'examples/stocks/requirements.txt');
const found = await ensureTrainers(requirements, say);
const torch = found.python === null ? null : await addTorch(found.python, say);
print({ python: found.python, torch: torch?.python ?? null, missing: found.reason ?? torch?.reason ?? null });
