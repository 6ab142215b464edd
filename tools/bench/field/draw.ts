import { client } from './clients.ts';
import type { Row } from './page.ts';

export interface Echarts {
  init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): { setOption(option: object): void; renderToSVGString(): string; dispose(): void };
}

/** One of the slides' two figures: messages per second, a bar for each peer, the fastest on top. */
export function drawBars(figure: 'producer' | 'consumer', rows: readonly Row[]): string {
  const bars = rows
    .flatMap((row) => barsOf(figure, row))
    .filter(({ perSecond }) => perSecond > 0)
    .sort((a, b) => a.perSecond - b.perSecond);
  const chart = client<Echarts>('echarts').init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: 900,
    height: 90 + bars.length * 26,
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: {
      text: figure === 'producer' ? 'Producer, messages per second' : 'Consumer, messages per second',
      subtext: '200-byte messages, one producer or consumer, logarithmic scale',
      left: 8,
    },
    grid: { left: 330, right: 90, top: 60, bottom: 30 },
    xAxis: { type: 'log', min: 1_000, axisLabel: { formatter: thousands } },
    yAxis: { type: 'category', data: bars.map(({ name }) => name), axisTick: { show: false } },
    series: [
      {
        type: 'bar',
        barWidth: 16,
        label: {
          show: true,
          position: 'right',
          formatter: ({ value }: { value: number }) => thousands(value),
        },
        data: bars.map(({ name, perSecond }) => ({
          value: Math.round(perSecond),
          itemStyle: { color: name.startsWith('Millrace') ? '#2563eb' : '#9ca3af' },
        })),
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function barsOf(figure: 'producer' | 'consumer', row: Row): { name: string; perSecond: number }[] {
  if (figure === 'consumer') return [{ name: row.name, perSecond: row.consumed }];
  return [...row.produced].map(([batch, perSecond]) => ({
    name: `${row.name}, ${batch === 1 ? 'single' : `batches of ${batch}`}`,
    perSecond,
  }));
}

export function thousands(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M` : `${(value / 1e3).toFixed(value < 1e5 ? 1 : 0)} k`;
}
