import { useLiveState } from '../lib/live.ts';
import { StatusBadge } from './StatusBadge.tsx';

const shown = {
  live: { tone: 'good', word: 'Live', title: 'Changes appear here as they are committed' },
  connecting: { tone: 'active', word: 'Connecting', title: 'Looking for the server; the screen may be old' },
  offline: { tone: 'bad', word: 'Not live', title: 'The server refused the event stream' },
} as const;

export function LiveBadge() {
  const state = useLiveState();
  const { tone, word, title } = shown[state];
  return (
    <span title={title} data-testid="live" data-state={state}>
      <StatusBadge state={state} tone={tone} word={word} />
    </span>
  );
}
