import { Button, useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { linesToCsv } from '../lib/csv.ts';
import { saveFile } from '../lib/save-file.ts';
import { isDrawable } from '../lib/series.ts';
import classes from './Chart.module.css';
import type { ECharts } from './chart-engine.ts';
import { axisText, type ChartContent, readPalette, toOption } from './chart-options.ts';

interface ChartProps extends ChartContent {
  readonly title: string;
  readonly height?: number;
  /** Charts of one group share their crosshair. */
  readonly group?: string;
  /** Said while there is too little to draw. */
  readonly empty: string;
}

/** A chart with its title and exports; the engine is fetched when the first one is shown. */
export function Chart({ title, height = 220, group, empty, ...content }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<ECharts | null>(null);
  const scheme = useComputedColorScheme('light');
  const hasData = content.lines.some(
    (line) => isDrawable(line.points) || (line.kind && line.points.length > 0),
  );

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

  const { lines, bands, limit, axis, log, unit, fromZero, domain, categories } = content;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the palette is read anew when the scheme changes
  useEffect(() => {
    if (!chart || !holder.current) return;
    const drawn = { lines, bands, limit, axis, log, unit, fromZero, domain, categories };
    chart.setOption(toOption(drawn, readPalette(holder.current)), { notMerge: true });
  }, [chart, scheme, lines, bands, limit, axis, log, unit, fromZero, domain, categories]);

  const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const savePicture = () => {
    if (!chart || !holder.current) return;
    const backgroundColor = readPalette(holder.current).surface;
    saveFile(`${name}.png`, chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor }));
  };
  const saveTable = () =>
    saveFile(
      `${name}.csv`,
      new Blob([linesToCsv(content.lines, axisText(content.axis))], { type: 'text/csv' }),
    );

  return (
    <figure className={classes.chart}>
      <figcaption className={classes.head}>
        <span className={classes.title}>
          {title}
          {content.unit && <span className="unit">{content.unit}</span>}
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
