import { Checkbox, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { DiffFound } from './DiffFound.tsx';
import { keyOf, wholeRows } from './diff-rules.ts';

interface DiffPanelProps {
  readonly name: string;
  readonly latest: number;
}

const typingMs = 400;

/** What changed between two versions; which two, and what names a row, stand in the address. */
export function DiffPanel({ name, latest }: DiffPanelProps) {
  const [search, change] = useScreenSearch();
  const dataset = useQuery(ask('datasets', 'get', { name }));
  const versions = useList('datasets', 'listVersions', { name });
  const before = versions.items?.find(({ version }) => version < latest)?.version;
  const from = search.from ?? String(before ?? latest - 1);
  const to = search.to ?? String(latest);
  const current = JSON.stringify({ from, to, key: search.key });
  const [compared] = useDebouncedValue(current, typingMs);
  const isPossible = latest > 1 || search.from !== undefined || search.to !== undefined;
  const asked = ask('datasets', 'diff', { name, ...toQuery(compared), limit: 0 });
  const diff = useQuery({
    ...asked,
    enabled: isPossible && versions.items !== undefined && compared === current,
  });
  if (!isPossible)
    return (
      <EmptyState command={`tidemill datasets commit FILE --name ${name}`}>
        {name} has one version; a difference needs two.
      </EmptyState>
    );
  const known = (versions.items ?? []).flatMap(({ version, tags }) => [String(version), ...tags]);
  const usual = dataset.data?.key ?? [];
  const isWhole = search.key === wholeRows;
  return (
    <div className="stack">
      <div className="row">
        <VersionField label="From" known={known} value={from} onChange={(value) => change({ from: value })} />
        <VersionField label="To" known={known} value={to} onChange={(value) => change({ to: value })} />
        <TextInput
          label="Key columns"
          placeholder={usual.length > 0 && !isWhole ? usual.join(',') : 'whole rows'}
          disabled={isWhole}
          value={isWhole ? '' : (search.key ?? '')}
          onChange={(event) => change({ key: event.currentTarget.value || undefined })}
        />
        {usual.length > 0 && (
          <Checkbox
            label="Whole rows"
            mb={6}
            checked={isWhole}
            onChange={(event) => change({ key: event.currentTarget.checked ? wholeRows : undefined })}
          />
        )}
        <SourceMenu asked={asked} />
      </div>
      <Answer of={diff}>
        {(value) => <DiffFound key={compared} diff={value} query={{ name, ...toQuery(compared) }} />}
      </Answer>
    </div>
  );
}

function toQuery(compared: string): { from: string; to: string; key?: string } {
  const { from, to, key } = JSON.parse(compared) as { from: string; to: string; key?: string };
  return { from, to, ...keyOf(key) };
}

interface VersionFieldProps {
  readonly label: string;
  readonly known: readonly string[];
  readonly value: string;
  readonly onChange: (value: string | undefined) => void;
}

/** A version among those there are, or whatever else names one: a tag, a day, another dataset's. */
function VersionField({ label, known, value, onChange }: VersionFieldProps) {
  const list = useId();
  // What is being typed may be nothing for a moment; the address then has no version, and the default holds.
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <>
      <TextInput
        label={label}
        list={list}
        value={typed ?? value}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          onChange(event.currentTarget.value.trim() || undefined);
        }}
        onBlur={() => setTyped(null)}
      />
      <datalist id={list}>
        {known.map((version) => (
          <option key={version} value={version} />
        ))}
      </datalist>
    </>
  );
}
