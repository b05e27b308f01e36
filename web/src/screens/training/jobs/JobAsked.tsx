import type { Job } from '@tidemill/sdk';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { commandOf } from './job-words.ts';

/** Parameters, inputs and the rest of what was handed in. */
export function JobAsked({ job }: { readonly job: Job }) {
  const command = commandOf(job);
  if (!command) return <FieldsTable label="specification" fields={job.spec} none="Nothing." />;
  const { parameters = {}, inputs = [], files, environment = {} } = command;
  const rest = {
    seed: command.seed,
    priority: command.priority,
    timeoutSeconds: command.timeoutSeconds,
    ...Object.fromEntries(Object.entries(environment).map(([name, value]) => [`environment ${name}`, value])),
  };
  return (
    <div className="stack">
      <Panel title="Parameters">
        <FieldsTable label="parameters" fields={parameters} none="It was given no parameter." />
      </Panel>
      <Panel title="Inputs">
        {inputs.length + files.length === 0 ? (
          <EmptyState>It was given no dataset, no model and no file.</EmptyState>
        ) : (
          <ul aria-label="inputs">
            {inputs.map((input) => (
              <li key={input}>
                <ReferenceLink kind="dataset" to={input} />
              </li>
            ))}
            {files.map((path) => (
              <li key={path} className="mono">
                {path}
              </li>
            ))}
          </ul>
        )}
      </Panel>
      <Panel title="How">
        <FieldsTable label="settings" fields={rest} none="Nothing." />
      </Panel>
    </div>
  );
}
