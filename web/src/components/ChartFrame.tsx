import { Button, useComputedColorScheme } from '@mantine/core';
import type { EChartsCoreOption } from 'echarts/core';
import { useEffect, useRef, useState } from 'react';
import { saveFile } from '../lib/save-file.ts';
import classes from './Chart.module.css';
import type { ECharts } from './chart-engine.ts';
import { type Palette, readPalette } from './chart-options.ts';

interface ChartFrameProps {
  readonly title: string;
  readonly unit?: string | undefined;
  readonly height: number;
  /** Charts of one group share their crosshair. */
  readonly group?: string | undefined;
  readonly hasData: boolean;
  /** Said while there is too little to draw. */
  readonly empty: string;
  /** Made anew when what is drawn has changed, and only then. */
  readonly option: (palette: Palette) => EChartsCoreOption;
  readonly csv: () => string;
}

/** A drawing with its title and exports; the engine is fetched when the first one is shown. */
export function ChartFrame({ title, unit, height, group, hasData, empty, option, csv }: ChartFrameProps) {
  const holder = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<ECharts | null>(null);
  const scheme = useComputedColorScheme('light');

  useEffect(() => {
    const element = holder.current;
    if (!element || !hasData) return;
    let opened: ECharts | undefined;
    let isGone = false;
    const resized = new ResizeObserver(() => opened?.resize());
    void import('./chart-engine.ts').then(({ openChart }) => {
      if (isGone) return;
      opened = openChart(element, group);
      resized.observe(element);
      setChart(opened);
    });
    return () => {
      isGone = true;
      resized.disconnect();
      opened?.dispose();
      setChart(null);
    };
  }, [group, hasData]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the palette is read anew when the scheme changes
  useEffect(() => {
    if (!chart || !holder.current) return;
    chart.setOption(option(readPalette(holder.current)), { notMerge: true });
  }, [chart, scheme, option]);

  const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const savePicture = () => {
    if (!chart || !holder.current) return;
    const backgroundColor = readPalette(holder.current).surface;
    saveFile(`${name}.png`, chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor }));
  };
  const saveTable = () => saveFile(`${name}.csv`, new Blob([csv()], { type: 'text/csv' }));

  return (
    <figure className={classes.chart}>
      <figcaption className={classes.head}>
        <span className={classes.title}>
          {title}
          {unit && <span className="unit">{unit}</span>}
        </span>
        <span className={classes.exports}>
          <Button variant="subtle" color="gray" size="compact-xs" onClick={savePicture} disabled={!hasData}>
            PNG
          </Button>
          <Button variant="subtle" color="gray" size="compact-xs" onClick={saveTable} disabled={!hasData}>
            CSV
          </Button>
        </span>
      </figcaption>
      {hasData ? (
        <div ref={holder} style={{ height }} role="img" aria-label={title} data-drawn={chart !== null} />
      ) : (
        <div className={classes.empty} style={{ height }}>
          {empty}
        </div>
      )}
    </figure>
  );
}
