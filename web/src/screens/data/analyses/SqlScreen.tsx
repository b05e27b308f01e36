import { Button, NativeSelect, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { AnalysisChart } from '@tidemill/sdk';
import { type KeyboardEvent, useRef, useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ask } from '../../../lib/client.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { ChartForm } from './ChartForm.tsx';
import { DatasetColumns } from './DatasetColumns.tsx';
import { KeepAction } from './KeepAction.tsx';
import { QueryAnswer } from './QueryAnswer.tsx';
import { suggestChart } from './result-chart.ts';
import classes from './Workbench.module.css';
import { insertWord } from './workbench-text.ts';

const limits = ['100', '1000', '10000'];

/** One SELECT over dataset versions; the statement that was run stands in the address. */
export function SqlScreen() {
  const [search, change] = useScreenSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [text, setText] = useState(search.sql ?? '');
  const [limit, setLimit] = useState('1000');
  const [chart, setChart] = useState<AnalysisChart | null>();
  const editor = useRef<HTMLTextAreaElement>(null);
  const sql = search.sql ?? '';
  const asked = ask('analyses', 'query', { sql, limit: Number(limit) });
  const query = useQuery({ ...asked, enabled: sql !== '', retry: false, refetchOnWindowFocus: false });
  const run = () => {
    const next = text.trim();
    if (next === '') return;
    setChart(undefined);
    if (next === sql) void query.refetch();
    else change({ sql: next });
  };
  const insert = (word: string) => {
    const element = editor.current;
    const [start, end] = [element?.selectionStart ?? text.length, element?.selectionEnd ?? text.length];
    const next = insertWord(text, { start, end }, word);
    setText(next.text);
    requestAnimationFrame(() => {
      element?.focus();
      element?.setSelectionRange(next.cursor, next.cursor);
    });
  };
  const runByKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  };
  const drawn = (chart === undefined ? query.data && suggestChart(query.data) : chart) ?? null;
  return (
    <>
      <PageHeader
        title="SQL"
        about="One SELECT over versions of datasets. It reads nothing else and writes nothing."
        actions={
          query.data && (
            <KeepAction
              question={{ sql, limit: Number(limit), bindings: query.data.bindings }}
              chart={drawn}
              onKept={(name) => void navigate({ to: `/analyses/${encodeURIComponent(name)}` as '/' })}
            />
          )
        }
        {...(sql !== '' && { asked })}
      />
      <div className={classes.bench}>
        <DatasetColumns insert={insert} />
        <div className="stack">
          <Textarea
            ref={editor}
            label="Statement"
            placeholder={'select symbol, avg(close) as close\nfrom prices\ngroup by symbol'}
            autosize
            minRows={6}
            maxRows={20}
            spellCheck={false}
            maxLength={100_000}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={runByKey}
          />
          <div className="row" style={{ alignItems: 'flex-end' }}>
            <Button variant="filled" onClick={run} disabled={text.trim() === '' || query.isFetching}>
              Run
            </Button>
            <Button
              onClick={() => void queries.cancelQueries({ queryKey: asked.queryKey })}
              disabled={!query.isFetching}
            >
              Cancel
            </Button>
            <NativeSelect
              label="Rows at most"
              data={limits}
              value={limit}
              onChange={(event) => setLimit(event.currentTarget.value)}
            />
            {query.data && <ChartForm columns={query.data.columns} chart={drawn} change={setChart} />}
          </div>
          <span className="dim">Ctrl+Enter runs it. "prices@3" in double quotes is that version.</span>
        </div>
      </div>
      {sql !== '' && (
        <section aria-label="answer" className={classes.answer}>
          <Answer of={query} height={320}>
            {(result) => <QueryAnswer result={result} chart={drawn} name="query" />}
          </Answer>
        </section>
      )}
    </>
  );
}
