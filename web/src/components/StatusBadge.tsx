import classes from './StatusBadge.module.css';

export type Tone = 'good' | 'active' | 'warn' | 'bad' | 'idle';

/** Every state word of the contract, and how loud it is. */
const tones: Readonly<Record<string, Tone>> = {
  FINISHED: 'good',
  RUNNING: 'active',
  SCHEDULED: 'idle',
  FAILED: 'bad',
  KILLED: 'bad',
  queued: 'idle',
  running: 'active',
  waiting: 'active',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'idle',
  complete: 'good',
  done: 'good',
  candidate: 'idle',
  validated: 'active',
  serving: 'good',
  retired: 'idle',
  approved: 'good',
  overridden: 'warn',
  refused: 'bad',
  endorsed: 'active',
  refuse: 'bad',
  warn: 'warn',
  none: 'idle',
  passed: 'good',
  warned: 'warn',
  skipped: 'warn',
  error: 'bad',
  ready: 'good',
  starting: 'active',
  dead: 'bad',
  live: 'good',
  earlier: 'idle',
  shadow: 'active',
  canary: 'active',
  promoted: 'good',
  'rolled-back': 'bad',
  rejected: 'bad',
  expired: 'idle',
  inconclusive: 'warn',
  'candidate-better': 'good',
  'candidate-worse': 'bad',
  open: 'bad',
  acknowledged: 'warn',
  resolved: 'good',
  model: 'good',
  fallback: 'warn',
  breached: 'bad',
  normal: 'good',
  active: 'good',
  revoked: 'bad',
  disabled: 'bad',
  invited: 'idle',
  paused: 'warn',
  equal: 'good',
  'equal rows in another order': 'good',
  different: 'bad',
  'newer data': 'active',
};

export const toneOf = (state: string): Tone => tones[state] ?? 'idle';

/** One shape per tone, so that colour never stands alone. */
export function ToneMark({ tone }: { readonly tone: Tone }) {
  return (
    <svg className={classes.mark} data-tone={tone} viewBox="0 0 10 10" aria-hidden="true">
      {tone === 'good' && <circle cx="5" cy="5" r="4" fill="currentColor" />}
      {tone === 'active' && (
        <>
          <circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.2" />
          <path d="M5 1.6a3.4 3.4 0 0 1 0 6.8z" fill="currentColor" />
        </>
      )}
      {tone === 'warn' && <path d="M5 .8 9.6 9H.4z" fill="currentColor" />}
      {tone === 'bad' && <rect x="1" y="1" width="8" height="8" fill="currentColor" />}
      {tone === 'idle' && (
        <circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.2" />
      )}
    </svg>
  );
}

/** A state as colour, shape and word. */
export function StatusBadge({ state, tone, word }: { state: string; tone?: Tone; word?: string }) {
  return (
    <span className={classes.badge}>
      <ToneMark tone={tone ?? toneOf(state)} />
      {word ?? state.replace('-', ' ').toLowerCase()}
    </span>
  );
}
