import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ask } from '../../../lib/client.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { PredictionLineagePanel } from '../../serving/endpoints/PredictionLineagePanel.tsx';

const typingMs = 300;
const shortest = 3;
const ofPrediction = 'prediction:';

export function LineageScreen() {
  const [search, change] = useScreenSearch();
  const [uri] = useDebouncedValue(search.uri ?? '', typingMs);
  const isAsked = uri.length >= shortest && uri.includes(':');
  const prediction = uri.startsWith(ofPrediction) ? uri.slice(ofPrediction.length) : null;
  return (
    <>
      <PageHeader
        title="Lineage"
        about="What a thing came from, and what came of it."
        {...(isAsked && prediction === null && { asked: ask('access', 'lineage', { uri }) })}
      />
      <div className="stack">
        <TextInput
          label="Reference"
          placeholder="model:forecaster@1"
          maw={360}
          value={search.uri ?? ''}
          onChange={(event) => change({ uri: event.currentTarget.value || undefined })}
        />
        {prediction !== null && prediction !== '' ? (
          <PredictionLineagePanel id={prediction} endpoint={search.endpoint} />
        ) : isAsked ? (
          <LineagePanel uri={uri} />
        ) : (
          <EmptyState command="tidemill lineage model:forecaster@1">
            Name a thing by its typed reference: <code>dataset:prices@3</code>,{' '}
            <code>model:forecaster@7</code>, <code>run:…</code>, <code>endpoint:forecast</code>,{' '}
            <code>prediction:…</code>.
          </EmptyState>
        )}
      </div>
    </>
  );
}
