/** What requests of MLflow's registry are about, as uris, for roles on single things. */
import { type Fields, findText } from '../../../http/mlflow/fields.ts';
import { parseSource } from '../source.ts';

export const modelOf = (fields: Fields): string[] => [`model:${findText(fields, 'name') ?? ''}`];

export const renamedModelOf = (fields: Fields): string[] => [
  ...modelOf(fields),
  `model:${findText(fields, 'new_name') ?? ''}`,
];

/** A version is about its model, and about all that it says it was made of. */
export const newVersionOf =
  (artifactRoot: string) =>
  (fields: Fields): string[] => {
    const [run, model] = [findText(fields, 'run_id'), findText(fields, 'model_id')];
    return [
      ...modelOf(fields),
      ownerOf(findText(fields, 'source') ?? '', artifactRoot),
      ...(run ? [`run:${run}`] : []),
      ...(model ? [`logged-model:${model}`] : []),
    ];
  };

/** Of files that are no run's and no logged model's, '', which is nothing's uri. */
function ownerOf(text: string, artifactRoot: string): string {
  if (text === '') return '';
  const source = parseSource(text, artifactRoot);
  if (source.kind === 'run') return `run:${source.runId}`;
  return source.kind === 'loggedModel' ? `logged-model:${source.id}` : '';
}
