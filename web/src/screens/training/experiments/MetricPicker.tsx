import { Button, TextInput } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { formatCount, formatNumber } from '../../../lib/format.ts';
import classes from './Curves.module.css';

interface MetricPickerProps {
  readonly names: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  /** The latest value beside a name, where there is one run. */
  readonly values?: Readonly<Record<string, number | null>>;
}

const rowHeight = 28;
/** Each is a chart, drawn when looked at; but an address must hold their names. */
const mostCharts = 30;

/** Which metrics are drawn, of however many. */
export function MetricPicker({ names, chosen, onChange, values }: MetricPickerProps) {
  const [text, setText] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const isChosen = useMemo(() => new Set(chosen), [chosen]);
  const found = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return wanted ? names.filter((name) => name.toLowerCase().includes(wanted)) : names;
  }, [names, text]);
  const virtualizer = useVirtualizer({
    count: found.length,
    getScrollElement: () => list.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  });
  const toggle = (name: string) =>
    onChange(isChosen.has(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  return (
    <div className={classes.picker}>
      <TextInput
        type="search"
        placeholder="Search metrics"
        aria-label="Search metrics"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div ref={list} className={classes.list}>
        <div className={classes.rows} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const name = found[index] ?? '';
            return (
              <label key={name} className={classes.row} style={{ top: start }} title={name}>
                <input
                  type="checkbox"
                  checked={isChosen.has(name)}
                  disabled={chosen.length >= mostCharts && !isChosen.has(name)}
                  onChange={() => toggle(name)}
                />
                <span className={classes.name}>{name}</span>
                {values && <span className="number dim">{formatNumber(values[name])}</span>}
              </label>
            );
          })}
        </div>
      </div>
      <p className={classes.foot}>
        <span>
          {formatCount(found.length)} of {formatCount(names.length)}, {chosen.length} drawn
        </span>
        {chosen.length > 0 && (
          <Button variant="subtle" size="compact-xs" onClick={() => onChange([])}>
            Draw none
          </Button>
        )}
      </p>
    </div>
  );
}
