import type { SourcePull } from '@tidemill/sdk';
import { StatusBadge, type Tone } from '../../../components/StatusBadge.tsx';

const tones: Readonly<Record<SourcePull['state'], Tone>> = {
  queued: 'idle',
  running: 'active',
  succeeded: 'good',
  unchanged: 'good',
  'schema-changed': 'warn',
  failed: 'bad',
  cancelled: 'idle',
};

export const PullState = ({ pull }: { readonly pull: SourcePull | null }) =>
  pull ? (
    <StatusBadge state={pull.state} tone={tones[pull.state]} />
  ) : (
    <span className="dim">never pulled</span>
  );

export const isUnderWay = (pull: SourcePull | null | undefined): boolean =>
  pull?.state === 'queued' || pull?.state === 'running';
