import { Button, Checkbox, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { EndpointStatus, ModelVersion, PredictReply, Variant } from '@tidemill/sdk';
import { type FormEvent, useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { CommandLine } from '../../../components/CommandLine.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { RowLink } from '../../../components/RowLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask, client } from '../../../lib/client.ts';
import { formatValue } from '../../../lib/format.ts';
import { shellQuote, toCurl, toHttp } from '../../../lib/http-form.ts';
import { mainOf, type RecordField, toFields, toRecord } from './record-form.ts';
import classes from './TryPanel.module.css';

/** One request by hand, in a form made of the model's signature. */
export function TryPanel({ status }: { readonly status: EndpointStatus }) {
  const main = mainOf(status.live);
  if (!main) return <EmptyState>No variant answers.</EmptyState>;
  return <TryVariant status={status} variant={main} />;
}

function TryVariant({ status, variant }: { readonly status: EndpointStatus; readonly variant: Variant }) {
  const cut = variant.model.lastIndexOf('@');
  const [name, version] = [variant.model.slice(0, cut), variant.model.slice(cut + 1)];
  const model = useQuery(ask('registry', 'getVersion', { name, version }));
  return (
    <Answer of={model} height={320}>
      {(found) => <TryForm key={variant.model} status={status} variant={variant} model={found} />}
    </Answer>
  );
}

interface TryFormProps {
  readonly status: EndpointStatus;
  readonly variant: Variant;
  readonly model: ModelVersion;
}

function TryForm({ status, variant, model }: TryFormProps) {
  const { name, live } = status;
  const fields = toFields(live, variant, model);
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(fields.map((field) => [field.name, field.example])),
  );
  const [isLogged, setLogged] = useState(false);
  const { record, problem } = toRecord(fields, texts);
  const input = { name, records: [record], ...(!isLogged && { probe: true }) };
  const asking = useMutation({ mutationFn: () => client().endpoints.predict(input) });
  const isIncomplete = fields.some((field) => field.isRequired && !texts[field.name]?.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    asking.mutate();
  };
  const http = toHttp({ queryKey: ['endpoints', 'predict', input] });
  return (
    <div className={classes.columns}>
      <Panel title="Record">
        <form className={classes.form} onSubmit={submit}>
          <div className={classes.fields}>
            {fields.map((field) => (
              <FieldInput
                key={field.name}
                field={field}
                value={texts[field.name] ?? ''}
                onChange={(text) => setTexts((before) => ({ ...before, [field.name]: text }))}
              />
            ))}
          </div>
          {(variant.view ?? variant.service) && (
            <p className="dim">
              Its features are looked up in <code>{variant.service ?? variant.view}</code>.
            </p>
          )}
          <Checkbox
            label="Log it as a prediction"
            description="Otherwise it leaves no trace, and the reply tells the features"
            checked={isLogged}
            onChange={(event) => setLogged(event.currentTarget.checked)}
          />
          {problem && <p className={classes.problem}>{problem}</p>}
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button
              type="submit"
              variant="filled"
              disabled={isIncomplete || problem !== null || asking.isPending}
            >
              Predict
            </Button>
          </div>
        </form>
      </Panel>
      <div className="stack">
        <Panel title="Answer">
          {asking.error ? (
            <ErrorNotice error={asking.error} />
          ) : asking.data ? (
            <Reply reply={asking.data} />
          ) : (
            <EmptyState>Fill in the record and ask.</EmptyState>
          )}
        </Panel>
        <Panel title="The same elsewhere">
          <div className={classes.lines}>
            {http && <CommandLine>{toCurl(http, location.origin)}</CommandLine>}
            <CommandLine>{`tidemill endpoints predict ${name}${toWords(record)}`}</CommandLine>
          </div>
        </Panel>
      </div>
    </div>
  );
}

const toWords = (record: Readonly<Record<string, unknown>>): string =>
  Object.entries(record)
    .map(([name, value]) => {
      const word = `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`;
      return ` --record ${/^[\w.=,-]+$/.test(word) ? word : shellQuote(word)}`;
    })
    .join('');

interface FieldInputProps {
  readonly field: RecordField;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

function FieldInput({ field, value, onChange }: FieldInputProps) {
  const { name, kind, isRequired, about } = field;
  const common = { label: name, description: about, required: isRequired };
  if (kind === 'boolean')
    return (
      <Select
        {...common}
        data={['true', 'false']}
        value={value || null}
        clearable={!isRequired}
        onChange={(text) => onChange(text ?? '')}
      />
    );
  return (
    <TextInput
      {...common}
      inputMode={kind === 'number' || kind === 'integer' ? 'decimal' : 'text'}
      placeholder={kind === 'json' ? '[1, 2, 3]' : ''}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

const phaseNames = { queue: 'Queue', features: 'Features', inference: 'Inference', total: 'Took' } as const;

function Reply({ reply }: { readonly reply: PredictReply }) {
  const [answer] = reply.predictions;
  if (!answer) return null;
  const { milliseconds } = reply;
  // A question that leaves no trace tells the features instead.
  const address = `/lineage?${new URLSearchParams({ uri: `prediction:${answer.id}`, endpoint: reply.endpoint })}`;
  return (
    <div className="stack">
      <p className={classes.value} data-testid="prediction">
        {typeof answer.value === 'number' ? (
          <Figure value={answer.value} digits={6} />
        ) : (
          formatValue(answer.value)
        )}
      </p>
      <Summary>
        <Fact name="Answered by">
          {answer.source === 'fallback' ? (
            <StatusBadge state="fallback" word="the rule" />
          ) : (
            <ReferenceLink kind="model" to={answer.model} />
          )}
        </Fact>
        <Fact name="Variant">{answer.variant}</Fact>
        <Fact name="Revision">{reply.revision}</Fact>
        {(['queue', 'features', 'inference', 'total'] as const).map((phase) => (
          <Fact key={phase} name={phaseNames[phase]}>
            <Figure value={milliseconds[phase]} digits={3} unit="ms" />
          </Fact>
        ))}
        {reply.fallbackReason && (
          <Fact name="Why not the model" wide>
            {reply.fallbackReason}
          </Fact>
        )}
      </Summary>
      {answer.outputs && (
        <Summary>
          {Object.entries(answer.outputs).map(([name, value]) => (
            <Fact key={name} name={name}>
              {formatValue(value)}
            </Fact>
          ))}
        </Summary>
      )}
      {answer.warnings.length > 0 && (
        <ul className={classes.warnings} aria-label="Warnings">
          {answer.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      {answer.features && (
        <Summary>
          {Object.entries(answer.features).map(([name, value]) => (
            <Fact key={name} name={name}>
              {formatValue(value)}
            </Fact>
          ))}
        </Summary>
      )}
      {!answer.features && <RowLink to={address}>What it came from</RowLink>}
    </div>
  );
}
