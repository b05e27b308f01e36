// The only place that loads ECharts: one chunk, fetched when the first chart is on a screen.
import { BarChart, LineChart, ParallelChart, ScatterChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  LegendScrollComponent,
  MarkAreaComponent,
  MarkLineComponent,
  ParallelComponent,
  TooltipComponent,
} from 'echarts/components';
import { connect, type ECharts, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([
  BarChart,
  LineChart,
  ParallelChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  LegendScrollComponent,
  MarkAreaComponent,
  MarkLineComponent,
  ParallelComponent,
  TooltipComponent,
  CanvasRenderer,
]);

export type { ECharts };

/** Charts of one group share their crosshair. */
export function openChart(element: HTMLElement, group: string | undefined): ECharts {
  const chart = init(element);
  if (group) {
    chart.group = group;
    connect(group);
  }
  return chart;
}
