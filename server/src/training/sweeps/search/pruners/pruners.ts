import type { Direction } from '../sampler.ts';
import { type AshaInput, createAshaRule } from './asha.ts';
import { createHyperbandRule, type HyperbandInput } from './hyperband.ts';
import { createPatientRule, type PatientInput } from './patient.ts';
import { createPercentileRule, type PercentileInput } from './percentile.ts';
import type { Pruner, PruningRule } from './pruner.ts';
import { createReportingPruner } from './reports.ts';

type Limits = Omit<PercentileInput, 'direction' | 'percentile'>;

type Decider =
  | { readonly type: 'none' }
  | ({ readonly type: 'median' } & Limits)
  | ({ readonly type: 'percentile'; readonly percentile: number } & Limits)
  | ({ readonly type: 'asha' } & AshaInput)
  | ({ readonly type: 'hyperband' } & Omit<HyperbandInput, 'name'>);

export type PrunerSettings =
  | Decider
  | ({ readonly type: 'patient'; readonly wrapped?: Decider | null } & Omit<PatientInput, 'wrapped'>);

export interface PrunerInput {
  readonly direction: Direction;
  /** The sweep's: Hyperband deals trials to its brackets by it. */
  readonly name: string;
}

export const createPruner = (settings: PrunerSettings, input: PrunerInput): Pruner =>
  createReportingPruner(input.direction, createRule(settings, input));

function createRule(settings: PrunerSettings, { direction, name }: PrunerInput): PruningRule {
  switch (settings.type) {
    case 'none':
      return { judge: () => false, learn() {} };
    case 'median':
      return createPercentileRule({ ...settings, direction, percentile: 50 });
    case 'percentile':
      return createPercentileRule({ ...settings, direction });
    case 'asha':
      return createAshaRule(settings);
    case 'hyperband':
      return createHyperbandRule({ ...settings, name });
    case 'patient': {
      const wrapped = settings.wrapped ? createRule(settings.wrapped, { direction, name }) : null;
      return createPatientRule({ ...settings, wrapped });
    }
  }
}
