import { createCmaEsSampler } from './cma-es/cma-es.ts';
import { createGridSampler } from './grid.ts';
import { createNsga2Sampler } from './nsga2.ts';
import { createRandomSampler } from './random.ts';
import type { Sampler, SamplerInput } from './sampler.ts';
import { createSobolSampler } from './sobol.ts';
import { createTpeSampler } from './tpe/tpe.ts';

export const samplers = {
  grid: createGridSampler,
  random: createRandomSampler,
  sobol: createSobolSampler,
  tpe: createTpeSampler,
  'cma-es': createCmaEsSampler,
  nsga2: createNsga2Sampler,
} as const satisfies Readonly<Record<string, (input: SamplerInput) => Sampler>>;

export type SamplerName = keyof typeof samplers;
