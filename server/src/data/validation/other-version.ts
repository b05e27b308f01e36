/** Which version a distribution is held against, and that its column is there. */
import type { Column, DatasetVersion, Expectation } from '@tidemill/contract';
import type { TableSource } from '../../adapters/analytics/analytics.ts';
import type { Datasets } from '../datasets/service.ts';
import type { Verdict } from './checks.ts';
import { type DistributionDependencies, judgeDistribution } from './distribution.ts';

type Distribution = Extract<Expectation, { kind: 'distribution' }>;

export interface DistributionJudgeDependencies extends DistributionDependencies {
  readonly datasets: Pick<Datasets, 'find' | 'resolve' | 'source'>;
}

/** Rows to be judged, and the version they are judged beside. */
export interface Subject {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly table: TableSource;
  readonly before: DatasetVersion | null;
}

export function createDistributionJudge({ datasets, analytics, compute }: DistributionJudgeDependencies) {
  async function referenceOf(
    { name, before }: Subject,
    version: string,
    workspace: string,
  ): Promise<DatasetVersion | null> {
    if (version === 'previous') return before;
    return version.includes('@')
      ? datasets.resolve(version, workspace)
      : datasets.find({ name, version }, workspace);
  }

  return async (subject: Subject, expectation: Distribution, workspace: string): Promise<Verdict> => {
    const { version, column: name } = expectation;
    const reference = await referenceOf(subject, version, workspace);
    if (!reference)
      return version === 'previous'
        ? { passed: true, reason: 'there is no version before' }
        : { passed: false, reason: `there is no version ${version}` };
    const column = subject.columns.find((found) => found.name === name);
    const there = reference.columns.find((found) => found.name === name);
    if (!column || there?.type !== column.type)
      return {
        passed: false,
        reason: `${reference.reference} has no ${column?.type ?? ''} column '${name}'`,
      };
    const tables = { rows_: subject.table, reference_: await datasets.source(reference) };
    return judgeDistribution({ analytics, compute }, expectation, column, tables);
  };
}
