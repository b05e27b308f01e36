import type { Assessment } from '@tidemill/sdk';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { formatBytes, formatNumber, formatShare } from '../../../lib/format.ts';

type Found<K extends 'leakage' | 'fairness' | 'latency' | 'skew'> = {
  readonly found: NonNullable<Assessment[K]>;
};

export function LeakageFindings({ found }: Found<'leakage'>) {
  const { duplicates, entities, order, powers, later, train, test, threshold } = found;
  return (
    <div className="stack">
      <Summary>
        <Fact name="Learned from">{train}</Fact>
        <Fact name="Test">{test}</Fact>
        <Fact name="Same rows">
          {duplicates.rows} ({formatShare(duplicates.share)}) by {duplicates.columns.join(', ')}
        </Fact>
        {entities && (
          <Fact name="Same entities">
            {entities.rows} rows ({formatShare(entities.share)}) by {entities.columns.join(', ')}
          </Fact>
        )}
        {order && (
          <Fact name="Order of time">
            {order.rows} rows ({formatShare(order.share)}) are not newer than {order.newestTrain}
          </Fact>
        )}
        {later.map(({ column, labelTime, rows, share }) => (
          <Fact key={column} name={`${column} after ${labelTime}`}>
            {rows} rows ({formatShare(share)})
          </Fact>
        ))}
      </Summary>
      {duplicates.examples.length > 0 && <p className="dim">The first of the same rows in {test}:</p>}
      {duplicates.examples.length > 0 && <RowsTable label="rows learned from" rows={duplicates.examples} />}
      {powers.length > 0 && (
        <RowsTable
          label="features alone"
          rows={powers.map(({ feature, measure, power, suspicious }) => ({
            ...{ feature, 'power alone': power, measure },
            says: suspicious ? `suspicious: at least ${threshold}` : '',
          }))}
        />
      )}
    </div>
  );
}

export function FairnessFindings({ found }: Found<'fairness'>) {
  return (
    <div className="stack">
      <p className="dim">
        From {found.evaluation} on {found.dataset}.
      </p>
      {found.columns.map(({ column, groups, gaps }) => (
        <div key={column} className="stack">
          <RowsTable
            label={`groups of ${column}`}
            rows={groups.map((group) => ({
              [column]: group.small ? `${group.group} (small)` : group.group,
              ...{ rows: group.rows, positives: group.positives, 'selection rate': group.selectionRate },
              ...{
                'true positive rate': group.truePositiveRate,
                'false positive rate': group.falsePositiveRate,
              },
            }))}
          />
          <RowsTable
            label={`gaps of ${column}`}
            rows={Object.entries(gaps).map(([name, { value, low, high }]) => ({
              gap: name.replaceAll('_', ' '),
              value,
              '95 % interval': low === null ? '' : `${formatNumber(low)} to ${formatNumber(high)}`,
            }))}
          />
        </div>
      ))}
    </div>
  );
}

const ms = (value: number): string => `${formatNumber(value)} ms`;

export function LatencyFindings({ found }: Found<'latency'>) {
  const { machine } = found;
  return (
    <Summary>
      <Fact name="p50">{ms(found.p50_ms)}</Fact>
      <Fact name="p95">{ms(found.p95_ms)}</Fact>
      <Fact name="p99">{ms(found.p99_ms)}</Fact>
      <Fact name="Slowest">{ms(found.max_ms)}</Fact>
      <Fact name="Measured by">
        {found.predictions} single predictions of rows of {found.dataset}, {found.runtime}
      </Fact>
      <Fact name="Machine">
        {machine.name}: {machine.cpu}, {machine.cores} cores, {formatBytes(machine.memoryBytes)},{' '}
        {machine.platform}
      </Fact>
    </Summary>
  );
}

export function SkewFindings({ found }: Found<'skew'>) {
  const { served, servedRows, train, trainRows, matched, features } = found;
  return (
    <div className="stack">
      <p className="dim">
        {servedRows} rows of {served} beside {trainRows} of {train}
        {matched === null ? '' : `; ${matched} are the same by key`}.
      </p>
      <RowsTable
        label="features served"
        rows={features.map((feature) => ({
          ...{ feature: feature.feature, psi: feature.psi, p: feature.pValue },
          'missing learned': formatShare(feature.missingTrained),
          'missing served': formatShare(feature.missingServed),
          'out of range': feature.outOfRange === null ? '' : formatShare(feature.outOfRange),
          ...(feature.unequal !== null && { unequal: formatShare(feature.unequal) }),
          says: feature.shifted ? 'shifted' : '',
        }))}
      />
    </div>
  );
}
