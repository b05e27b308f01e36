import type { FeatureHealth, FeatureMeasure, Parity } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example } from '../../pages.ts';
import { toInteger } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatMoment, formatTime, tableLines } from '../../table.ts';

interface HealthOptions {
  sample?: number;
  seed?: number;
  reference?: string;
  kept?: boolean;
}

export function addHealthCommand(features: Command): void {
  const health = features
    .command('health <view>')
    .description('freshness, null rates, drift, and whether online values are the offline ones now')
    .option('--sample <entities>', 'how many are compared; 200', toInteger)
    .option('--seed <number>', 'which ones; the same seed, the same entities', toInteger)
    .option(
      '--reference <dataset@version>',
      'what the newest rows are held against; earlier rows of their own',
    )
    .option('--kept', 'the last measurement instead of a new one')
    .action(async (view: string, options: HealthOptions, command: Command) => {
      const session = sessionOf(command);
      const [name = '', version = 'latest'] = view.split('@');
      session.show(await session.client.features.health({ name, version, ...options }), describe);
    });
  example(health, 'features health price_stats');
}

const describe = (health: FeatureHealth): string[] => [
  `${health.view}: ${health.rows} rows of ${health.entities} entities in ${health.versions.join(', ') || 'no dataset'}`,
  `measured   ${formatTime(health.measuredAt)} in ${health.tookMs} ms`,
  `fresh      ${verdictOf(health.freshness.met)}${health.freshness.text}`,
  `parity     ${describeParity(health.parity)}`,
  '',
  ...tableLines(health.features, featureColumns),
  ...(health.parity === null || health.parity.mismatches.length === 0
    ? []
    : ['', ...tableLines(health.parity.mismatches, mismatchColumns)]),
];

const verdictOf = (met: boolean | null): string => (met === null ? '' : met ? 'yes: ' : 'NO: ');

function describeParity(parity: Parity | null): string {
  if (parity === null) return 'nothing is online';
  const { sampled, matched, wrong, behind, ahead, changing } = parity;
  const rest = Object.entries({ behind, ahead, changing }).filter(([, count]) => count > 0);
  const told = [
    `${matched} of ${sampled} entities equal`,
    ...rest.map(([what, count]) => `${count} ${what}`),
  ];
  return `${wrong > 0 ? `${wrong} WRONG, ` : ''}${told.join(', ')}`;
}

const share = (rate: number | null): string => (rate === null ? '' : `${(100 * rate).toFixed(2)} %`);

const featureColumns = {
  feature: (f: FeatureMeasure) => f.name,
  type: (f: FeatureMeasure) => f.type,
  'null offline': (f: FeatureMeasure) => share(f.offline.rate),
  'null online': (f: FeatureMeasure) => share(f.online.rate),
  drift: (f: FeatureMeasure) =>
    f.drift === null
      ? ''
      : `${f.drift.breached ? 'MOVED' : 'no'}: ${f.drift.statistic} ${Number(f.drift.value.toPrecision(3))}`,
};

type Mismatch = Parity['mismatches'][number];
const mismatchColumns = {
  entity: (m: Mismatch) => JSON.stringify(m.entity),
  feature: (m: Mismatch) => m.feature ?? 'all',
  online: (m: Mismatch) => JSON.stringify(m.online),
  offline: (m: Mismatch) => JSON.stringify(m.offline),
  event: (m: Mismatch) => (m.offlineEventTime === null ? '' : formatMoment(m.offlineEventTime)),
  cause: (m: Mismatch) => m.text,
};
