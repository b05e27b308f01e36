import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { add } from './narrator.ts';

export interface PythonFound {
  /** Folder of the `python` that has XGBoost and scikit-learn; null where there is none. */
  readonly folder: string | null;
  readonly hasTorch: boolean;
  /** Why something is left out, and what to do. */
  readonly missing: string | null;
}

/** The environment of the trainers, made once in the cache; what is installed is told as it comes. */
export async function preparePython(): Promise<PythonFound> {
  const script = join(import.meta.dirname, '../../scripts/trainers-environment.ts');
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let found: PythonFound = { folder: null, hasTorch: false, missing: 'its environment could not be made' };
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as {
      say?: string;
      python?: string | null;
      torch?: string | null;
      missing?: string;
    };
    if (told.say !== undefined) add(told.say);
    else {
      const { python = null, torch = null, missing = null } = told;
      found = { folder: python === null ? null : dirname(python), hasTorch: torch !== null, missing };
    }
  }
  return found;
}
