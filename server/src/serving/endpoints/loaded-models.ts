/** Whether an endpoint's models are in memory, and bringing them there or setting them aside by hand. */
import { errors } from '../../base/errors.ts';
import { versionOf } from './traffic/infer.ts';
import type { LiveEndpoint, LiveVariant } from './traffic/live-endpoint.ts';

export interface ServedVersions {
  readonly name: string;
  /** Of each model version why it is not ready; null of one that is. */
  readonly versions: readonly { readonly version: string; readonly problem: string | null }[];
}

const variantsOf = ({ live, shadows }: LiveEndpoint): LiveVariant[] => [...live, ...shadows];

function problemOf({ lease, problem }: LiveVariant): string | null {
  if (!lease) return problem ?? 'it is not loaded';
  const { state, lastEnd } = lease.model.runtime.describe();
  if (state === 'ready') return null;
  return state === 'unloaded' ? 'unloaded' : `it is ${state}${lastEnd === undefined ? '' : `: ${lastEnd}`}`;
}

export function servedVersions(endpoint: LiveEndpoint): ServedVersions {
  const problems = new Map(
    variantsOf(endpoint).map((variant) => [versionOf(variant.model), problemOf(variant)]),
  );
  return { name: endpoint.name, versions: [...problems].map(([version, problem]) => ({ version, problem })) };
}

/** @throws endpointNotReady naming what could not be loaded when the endpoint was */
export async function loadModels(endpoint: LiveEndpoint): Promise<void> {
  const variants = variantsOf(endpoint);
  const broken = variants.find(({ lease }) => !lease);
  if (broken)
    throw errors.endpointNotReady({ name: endpoint.name, reason: broken.problem ?? 'a model is missing' });
  await Promise.all(variants.map(({ lease }) => lease?.load()));
}

export async function unloadModels(endpoint: LiveEndpoint): Promise<void> {
  await Promise.all(variantsOf(endpoint).map(({ lease }) => lease?.unload()));
}
