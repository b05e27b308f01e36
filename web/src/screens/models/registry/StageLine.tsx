import type { ModelVersion } from '@tidemill/sdk';
import { StatusBadge, type Tone } from '../../../components/StatusBadge.tsx';

type Stage = ModelVersion['stage'];

const tones: Readonly<Record<Stage, Tone>> = {
  None: 'idle',
  Staging: 'active',
  Production: 'good',
  Archived: 'idle',
};

/** MLflow's stage: a label that serves nothing. */
export const StageLine = ({ stage }: { readonly stage: Stage }) => (
  <StatusBadge state={stage} tone={tones[stage]} word={stage.toLowerCase()} />
);
