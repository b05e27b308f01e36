import type { ModelVersion } from '@tidemill/sdk';
import { CommandLine } from '../../../components/CommandLine.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { shellQuote, toCurl } from '../../../lib/http-form.ts';
import { toModelUris } from './model-uris.ts';

/** How a version is used elsewhere: from Python, a terminal, or anything that speaks HTTP. */
export function LoadPanel({ model }: { readonly model: ModelVersion }) {
  const uris = toModelUris(model);
  const folder = `/api/v1/models/${encodeURIComponent(model.model)}/versions/${model.version}`;
  const get = (path: string) => toCurl({ method: 'GET', path, body: null }, location.origin);
  return (
    <div className="stack">
      <Panel title="In Python">
        <CommandLine>{`mlflow.set_tracking_uri(${JSON.stringify(location.origin)})`}</CommandLine>
        {uris.map((uri) => (
          <CommandLine key={uri}>{`model = mlflow.pyfunc.load_model(${JSON.stringify(uri)})`}</CommandLine>
        ))}
      </Panel>
      <Panel title="As CLI">
        <CommandLine>{`tidemill models show ${shellQuote(model.reference)}`}</CommandLine>
      </Panel>
      <Panel title="As HTTP">
        <CommandLine>{get(folder)}</CommandLine>
        {model.files.some((file) => file.path === 'MLmodel') && (
          <CommandLine>{get(`${folder}/file?path=MLmodel`)}</CommandLine>
        )}
      </Panel>
    </div>
  );
}
