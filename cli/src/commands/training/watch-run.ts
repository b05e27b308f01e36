import { type RunUpdate, watchRun } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example } from '../../pages.ts';
import { sessionOf } from '../../session.ts';
import { formatNumber } from '../../table.ts';
import { onInterrupt } from '../../watch.ts';

const failedStates: readonly string[] = ['FAILED', 'KILLED'];

export function addWatchCommand(runs: Command): void {
  const watch = runs
    .command('watch <id>')
    .description('what a run logs, as it comes, until it ends; exit code 1 if it failed')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      // The stream reconnects for ever; a wrong address, token or id is told now.
      await session.client.experiments.getRun({ id });
      const { signal, release } = onInterrupt();
      const { url, token } = session;
      for await (const update of watchRun(id, { url, token, signal })) {
        session.stream(update, describeUpdate);
        if (update.isLast && failedStates.includes(update.status)) process.exitCode = 1;
      }
      release();
    });
  example(watch, 'runs watch 4f0c9f0e4d0b4d0a8f8e5c1d2b3a4f50');
}

const describeUpdate = ({ status, metrics, tags, removedTags }: RunUpdate): string =>
  [
    status,
    ...metrics.map(({ key, value, step }) => `${key} ${formatNumber(value)} (step ${step})`),
    ...Object.entries(tags)
      .filter(([key]) => !key.startsWith('mlflow.'))
      .map(([key, value]) => `${key} = ${value}`),
    ...removedTags.map((key) => `without ${key}`),
  ].join('  ');
