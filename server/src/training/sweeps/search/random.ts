import { randomOfTrial, type Sampler, type SamplerInput } from './sampler.ts';
import { buildPoint, fromUnit } from './space.ts';

/** Every trial by itself: uniform over floats (over their logarithms with `log`), steps and choices. */
export function createRandomSampler({ space, seed }: Pick<SamplerInput, 'space' | 'seed'>): Sampler {
  return {
    ask(number) {
      const random = randomOfTrial(seed, number);
      const parameters = buildPoint(space, (parameter) => fromUnit(parameter, random.next()));
      return { parameters, generation: 0 };
    },
    tell() {},
  };
}
