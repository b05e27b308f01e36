import { Anchor, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { CardText, ModelCard, ModelVersion } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';

const fields = {
  owner: { title: 'Owner', hint: 'Who answers for it' },
  consumers: { title: 'Consumers', hint: 'Who relies on it' },
  intendedUse: { title: 'Intended use', hint: 'What it is for, and for whom' },
  outOfScope: { title: 'Out of scope', hint: 'What it must not be used for' },
  limits: { title: 'Limits', hint: 'Where it is known to be wrong' },
  ethics: { title: 'Whom it may harm', hint: 'And what is done about it' },
} as const;
type Field = keyof typeof fields;
const names = Object.keys(fields) as Field[];

/** What only people know of a model, beside where the rest of its card is to be had. */
export function CardPanel({ model }: { readonly model: ModelVersion }) {
  const asked = ask('cards', 'get', { name: model.model, version: String(model.version) });
  const card = useQuery(asked);
  return (
    <Answer of={card}>
      {(value) => (
        <div className="stack">
          <Panel
            title="What people wrote"
            aside={
              <div className="row">
                <Edit key={value.text.updatedAt} model={model.model} text={value.text} />
                <Page model={model} format="html" name="Whole card" />
                <Page model={model} format="markdown" name="As Markdown" />
                <EvidenceLink model={model} />
                <SourceMenu asked={asked} />
              </div>
            }
          >
            <Written text={value.text} />
          </Panel>
          <Panel title="What is known">
            <Known card={value} />
          </Panel>
        </div>
      )}
    </Answer>
  );
}

interface PageProps {
  readonly model: ModelVersion;
  readonly format: 'html' | 'markdown';
  readonly name: string;
}

function Page({ model, format, name }: PageProps) {
  const path = `/api/v1/models/${encodeURIComponent(model.model)}/versions/${model.version}/card/document`;
  return (
    <Anchor href={`${path}?format=${format}`} target="_blank" size="sm">
      {name}
    </Anchor>
  );
}

/** One archive for an auditor. */
function EvidenceLink({ model: { model: name, version } }: { readonly model: ModelVersion }) {
  return (
    <DownloadLink
      variant="subtle"
      size="compact-sm"
      fileName={`${name.replace(/[^\w.-]+/g, '_')}-${version}-evidence.tar`}
      address={`/api/v1/models/${encodeURIComponent(name)}/versions/${version}/evidence`}
      read={() => client().evidence.get({ name, version: String(version) })}
    >
      Evidence
    </DownloadLink>
  );
}

function Written({ text }: { readonly text: CardText }) {
  return (
    <dl style={{ margin: 0 }}>
      {names.map((name) => (
        <div key={name} style={{ marginBottom: 12 }}>
          <dt className="dim">{fields[name].title}</dt>
          <dd style={{ margin: 0, whiteSpace: 'pre-wrap', maxWidth: '72ch' }}>
            {text[name] || <span className="dim">Nobody has written it. {fields[name].hint}.</span>}
          </dd>
        </div>
      ))}
      {text.updatedAt !== null && (
        <div className="dim">
          Last written <Time at={text.updatedAt} /> by {text.updatedBy}
        </div>
      )}
    </dl>
  );
}

function Edit({ model, text }: { readonly model: string; readonly text: CardText }) {
  const [draft, setDraft] = useState<Record<Field, string>>(text);
  const given = Object.fromEntries(names.map((name) => [name, draft[name]]));
  return (
    <Action
      inRow
      name="Write"
      about={`Shown in the card of every version of ${model}. Markdown is kept as it is.`}
      reason="none"
      size={640}
      asked={ask('cards', 'putText', { name: model, ...given })}
      run={() => client().cards.putText({ name: model, ...given, since: text.updatedAt })}
    >
      {names.map((name) => (
        <Textarea
          key={name}
          label={fields[name].title}
          description={fields[name].hint}
          autosize
          minRows={1}
          maxRows={8}
          maxLength={20_000}
          value={draft[name]}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setDraft((before) => ({ ...before, [name]: value }));
          }}
        />
      ))}
    </Action>
  );
}

function Known({ card }: { readonly card: ModelCard }) {
  const [check] = card.checks;
  const { trainingSet, users } = card;
  return (
    <Summary>
      <Fact name="Used by">
        {users.length === 0
          ? 'nothing now'
          : users.map((uri) => (
              <span key={uri} style={{ marginRight: 8 }}>
                <ReferenceLink to={uri} />
              </span>
            ))}
      </Fact>
      <Fact name="Training set">
        {trainingSet ? (
          <>
            <ReferenceLink kind="dataset" to={trainingSet.reference} />,{' '}
            {trainingSet.rows.toLocaleString('en-US')} rows
          </>
        ) : (
          'not known'
        )}
      </Fact>
      <Fact name="Code">{card.run?.commit?.slice(0, 12) ?? 'no commit is recorded'}</Fact>
      <Fact name="Evaluations">{card.evaluations.length}</Fact>
      <Fact name="Newest gate check">{check ? check.verdict : card.gate ? 'none yet' : 'no gate'}</Fact>
      <Fact name="Decisions">{card.decisions.length}</Fact>
    </Summary>
  );
}
