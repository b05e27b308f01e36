import type { LearnedVersion, PredictionLineage } from '@tidemill/contract';
import type { Command } from 'commander';
import { example } from '../../pages.ts';
import { sessionOf } from '../../session.ts';
import { formatTime, tableLines } from '../../table.ts';
import { addExportCommand } from './export-lineage.ts';

export function addLineageCommand(program: Command): void {
  const lineage = program
    .command('lineage <uri>')
    .description(
      'what a thing came from and what came of it; of a prediction: back to the rows that were learned from',
    )
    .option('--endpoint <name>', 'where to look for a prediction (default: every endpoint)')
    .action(async (uri: string, { endpoint }: { endpoint?: string }, command: Command) => {
      const session = sessionOf(command);
      const id = predictionIdOf(uri);
      if (id !== null) {
        session.show(await session.client.predictionLineage.get({ id, endpoint }), describePrediction);
        return;
      }
      const reply = await session.client.access.lineage({ uri });
      session.show(reply, ({ upstream, downstream }) => [
        ...upstream.map((edge) => `<- ${edge.from}  (${edge.relation})  -> ${edge.to}`),
        ...downstream.map((edge) => `-> ${edge.to}  (${edge.relation} of ${edge.from})`),
        ...(upstream.length + downstream.length === 0 ? [`Nothing is recorded about ${uri}.`] : []),
      ]);
    });
  addExportCommand(lineage);
  example(
    lineage,
    'lineage dataset:prices@2\n  $ tidemill lineage prediction_019f6bd1aa0e7000b5d4c9d9c4c5f1a2-0\n  $ tidemill lineage prediction:order-77-0 --endpoint forecast',
  );
}

/** `prediction:order-77-0`, or an id as the log gives it. */
function predictionIdOf(uri: string): string | null {
  if (uri.startsWith('prediction:')) return uri.slice('prediction:'.length);
  return /^prediction_[0-9a-f]{32}-/.test(uri) ? uri : null;
}

function describePrediction(found: PredictionLineage): string[] {
  const { prediction, endpoint, model, run, trainingSet } = found;
  const line = (name: string, value: string | null) =>
    value === null ? [] : [`${name.padEnd(13)} ${value}`];
  return [
    ...line('prediction', `${prediction.prediction} for ${prediction.key}, ${formatTime(prediction.at)}`),
    ...line('outcome', prediction.outcome === null ? null : String(prediction.outcome)),
    ...line('endpoint', `${endpoint.uri}, variant ${prediction.variant} (${prediction.role})`),
    ...line('rule', found.rule),
    ...line(
      'model',
      model && `${model.uri} (${model.approval}) by ${model.createdBy}, ${formatTime(model.createdAt)}`,
    ),
    ...line('run', run && `${run.uri} ${run.name} by ${run.user}, ${formatTime(run.startedAt)}`),
    ...line('code', codeText(found)),
    ...line('training set', trainingSet && versionText(trainingSet)),
    ...found.datasets.flatMap((version) => line('made of', versionText(version))),
    ...found.features.flatMap((uri) => line('features', uri)),
    ...found.sources.flatMap((source) => line('source', source)),
    ...[trainingSet, ...found.datasets].flatMap((version) =>
      version?.entityWhere ? line('its rows', rowsCommand(version)) : [],
    ),
    ...found.gone.flatMap((uri) => line('deleted since', uri)),
    ...tableLines(found.values, {
      input: (each) => each.name,
      value: (each) => JSON.stringify(each.value),
      from: (each) => each.from ?? 'the request',
      status: (each) => each.status,
      'event time': (each) => formatTime(each.eventTime),
    }),
  ];
}

const versionText = ({ uri, rows, digest, madeBy }: LearnedVersion): string =>
  `${uri}  ${rows} rows, ${madeBy}, digest ${digest.slice(0, 12)}…`;

const rowsCommand = ({ reference, entityWhere }: LearnedVersion): string =>
  `tidemill datasets read ${reference} --where "${(entityWhere ?? '').replaceAll('"', '\\"')}"`;

function codeText({ code }: PredictionLineage): string | null {
  if (!code) return null;
  if (code.commit === null)
    return code.learner === null ? code.source : `the learner ${code.learner} of Tidemill`;
  const where = [code.repository, code.branch].filter((part) => part !== null).join(' ');
  const state = code.dirty ? ' with changes that no commit holds' : '';
  return `${code.commit.slice(0, 12)}${state}${where ? ` of ${where}` : ''}${code.source ? `, ${code.source}` : ''}`;
}
