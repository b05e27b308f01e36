/** The environment that a command meets, or is going to meet. */
import { arch, type } from 'node:os';
import type { PythonInspection } from '../../../adapters/python-environments/python-environments.ts';
import { digestOf } from '../../../base/digest-of.ts';
import type { KeyedEnvironment } from './key.ts';

export interface MetEnvironment {
  readonly keyed: KeyedEnvironment;
  /** As requirements. */
  readonly packages: readonly string[] | null;
}

/** `made`: digest of what it is made from; null where the Python is found. */
export function toMet(python: PythonInspection | null, made: string | null): MetEnvironment {
  const lock = python && (made === null ? python.fingerprint : digestOf(python.packages));
  return {
    keyed: {
      ...{ system: `${type()} ${arch()}`, made, lock },
      python: python && `${python.implementation} ${python.version}`,
      packages: python?.packages.length ?? 0,
    },
    packages: python?.packages ?? null,
  };
}
