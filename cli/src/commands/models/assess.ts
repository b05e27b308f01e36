import type { Assessment, AssessmentKind } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example } from '../../pages.ts';
import { toInteger, toNames, toNumber, toReference } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { describeAssessment, headlineOf } from './assessment-text.ts';

export function addAssessCommands(models: Command): void {
  const assess = models
    .command('assess')
    .description('measure a version beside its evaluations: leakage, fairness, latency, skew; gates read it');
  addLeakage(assess);
  addFairness(assess);
  addLatency(assess);
  addSkew(assess);
  addList(models);
}

interface LeakageOptions {
  test: string;
  train?: string;
  columns?: string[];
  key?: string[];
  target?: string;
  timeColumn?: string;
  featureTimes?: string[];
  labelTime?: string;
  threshold?: number;
}

function addLeakage(assess: Command): void {
  const leakage = assess
    .command('leakage <reference>')
    .description('rows of the test among those learned from, and features that know the label')
    .requiredOption('--test <dataset>', 'dataset version that it is judged on')
    .option('--train <dataset>', 'what it learned from (default: its training set)')
    .option('--columns <columns>', 'rows equal in all of them are duplicates (default: its inputs)', toNames)
    .option('--key <columns>', 'what names the entity of a row', toNames)
    .option('--target <column>', 'the label (default: that of its recipe)')
    .option('--time-column <column>', 'what orders the rows (default: event_time, where both have it)')
    .option('--feature-times <columns>', 'when features became known', toNames)
    .option('--label-time <column>', 'when the label became known')
    .option('--threshold <power>', 'of a feature that is suspicious (default: 0.99)', toNumber)
    .action(async (reference: string, options: LeakageOptions, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.assessments.assessLeakage({ ...toReference(reference), ...options });
      session.show(found, describeAssessment);
    });
  example(leakage, 'models assess leakage forecaster@2 --test held-out@1 --key symbol');
}

function addFairness(assess: Command): void {
  const fairness = assess
    .command('fairness <reference>')
    .description('gaps between groups of protected columns, from an evaluation with them as slices')
    .requiredOption('--columns <columns>', 'protected columns: sex,region', toNames)
    .option('--evaluation <id>', 'default: the newest that judged these slices')
    .action(
      async (reference: string, options: { columns: string[]; evaluation?: string }, command: Command) => {
        const session = sessionOf(command);
        const found = await session.client.assessments.assessFairness({
          ...toReference(reference),
          ...options,
        });
        session.show(found, describeAssessment);
      },
    );
  example(fairness, 'models assess fairness buyer@2 --columns sex');
}

function addLatency(assess: Command): void {
  const latency = assess
    .command('latency <reference>')
    .description('time single predictions on the machine of the server, warm')
    .option('--dataset <dataset>', 'whose rows are predicted (default: its training set)')
    .option('--predictions <count>', 'how many (default: 1000)', toInteger)
    .action(
      async (reference: string, options: { dataset?: string; predictions?: number }, command: Command) => {
        const session = sessionOf(command);
        const found = await session.client.assessments.assessLatency({
          ...toReference(reference),
          ...options,
        });
        session.show(found, describeAssessment);
      },
    );
  example(latency, 'models assess latency forecaster@2');
}

interface SkewOptions {
  served?: string;
  endpoint?: string;
  train?: string;
  key?: string[];
}

function addSkew(assess: Command): void {
  const skew = assess
    .command('skew <reference>')
    .description('rows as they were served beside those learned from')
    .option('--endpoint <name>', 'the newest rows that it was asked about')
    .option('--served <dataset>', 'or a dataset version of served rows')
    .option('--train <dataset>', 'what it learned from (default: its training set)')
    .option('--key <columns>', 'what names a row in both: values are then compared one by one', toNames)
    .action(async (reference: string, options: SkewOptions, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.assessments.assessSkew({ ...toReference(reference), ...options });
      session.show(found, describeAssessment);
    });
  example(skew, 'models assess skew forecaster@2 --endpoint forecast');
}

const kinds: readonly AssessmentKind[] = ['leakage', 'fairness', 'latency', 'skew'];

function addList(models: Command): void {
  const list = models
    .command('assessments <reference>')
    .description('what was measured of a version, newest first')
    .addOption(new Option('--kind <kind>', 'only these').choices(kinds))
    .action(async (reference: string, { kind }: { kind?: AssessmentKind }, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.assessments.listAssessments({ ...toReference(reference), kind });
      session.list<Assessment>(
        items,
        {
          at: (a) => formatTime(a.createdAt),
          kind: (a) => a.kind,
          found: headlineOf,
          by: (a) => a.createdBy,
        },
        `Nothing was measured of ${reference}. Begin: tidemill models assess latency ${reference}`,
      );
    });
  example(list, 'models assessments forecaster@2 --kind leakage');
}
