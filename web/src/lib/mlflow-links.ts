import { pathOf } from './references.ts';

/**
 * MLflow's client prints addresses of its own UI (`/#/experiments/3/runs/4f…`): the same things here, or null.
 * The address is inside ours.
 */
export function findOwnPath(hash: string): string | null {
  const [path = ''] = hash.replace(/^#/, '').split('?');
  const [, word, first, second, third] = path.split('/').map(decode);
  if (word === 'experiments' && first) {
    if (second === 'runs' && third) return pathOf({ kind: 'run', name: third, version: null });
    if (second === 'models' && third) return pathOf({ kind: 'logged-model', name: third, version: null });
    return pathOf({ kind: 'experiment', name: first, version: null });
  }
  if (word === 'models')
    return first
      ? pathOf({ kind: 'model', name: first, version: (second === 'versions' && third) || null })
      : '/models';
  return word === 'experiments' ? '/experiments' : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
