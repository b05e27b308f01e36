import { Checkbox, NativeSelect } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { type CurveAxis, toCurveAxis, toWeight } from '../../../lib/curves.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import classes from './Curves.module.css';

export interface CurveView {
  readonly axis: CurveAxis;
  readonly weight: number;
  readonly log: boolean;
}

/** How curves are drawn; it stands in the address. */
export function useCurveView() {
  const [search, change] = useScreenSearch();
  const [weight, setWeight] = useState(toWeight(search.smooth));
  // A slider moves faster than an address may.
  const keep = useDebouncedCallback(
    (value: number) => change({ smooth: value > 0 ? String(value) : undefined }),
    250,
  );
  const view: CurveView = { axis: toCurveAxis(search.axis), weight, log: search.log === 'y' };
  const tools = (
    <div className={classes.tools}>
      <NativeSelect
        aria-label="Over"
        data={[
          { value: 'step', label: 'over steps' },
          { value: 'time', label: 'over time' },
          { value: 'relative', label: 'over time since its start' },
        ]}
        value={view.axis}
        onChange={({ currentTarget }) =>
          change({ axis: currentTarget.value === 'step' ? undefined : currentTarget.value })
        }
      />
      <label className={classes.slider}>
        Smoothing
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={weight}
          onChange={({ currentTarget }) => {
            setWeight(Number(currentTarget.value));
            keep(Number(currentTarget.value));
          }}
        />
        <output className="number">{weight.toFixed(2)}</output>
      </label>
      <Checkbox
        label="Log scale"
        checked={view.log}
        onChange={({ currentTarget }) => change({ log: currentTarget.checked ? 'y' : undefined })}
      />
    </div>
  );
  return { view, tools };
}
