import { client } from './field/clients.ts';
import { type Echarts, thousands } from './field/draw.ts';
import type { Curve, GrowthSettings } from './growth.ts';
import { human } from './rounds.ts';

export function growthTable(curves: readonly Curve[]): string {
  const rows = curves.flatMap(({ name, of, points }) => [
    `| **${name}** | ${of} | | | |`,
    ...points.map(
      ({ count, producedPerSecond, cpuPerMillion, readPerSecond, residentBytes }) =>
        `| | ${count.toLocaleString('en')} | ${human(producedPerSecond)} | ${cpuPerMillion.toFixed(2)} s | ${readPerSecond === undefined ? '–' : human(readPerSecond)} | ${(residentBytes / 1e6).toFixed(0)} MB |`,
    ),
  ]);
  return [
    '| | | produced /s | broker CPU per million | newest 200,000 read /s | broker resident |',
    '|---|---:|---:|---:|---:|---:|',
    ...rows.map((row) => (row.startsWith('| **') ? `${row} |` : row)),
  ].join('\n');
}

/** Below the field's figures: Millrace alone. */
export function growthPage(
  curves: readonly Curve[],
  machine: string,
  { rounds, seconds }: GrowthSettings,
): string {
  return `# What a record costs while something grows

\`npm run bench -- --write\` makes this page. Do not edit it.

${machine}. One producer, over TCP to a broker in another process, 200-byte records in batches of 50, acks leader; medians of ${rounds} rounds of ${seconds} s after one to warm up. Each curve has a broker of its own.

![What a record costs while something grows](growth.svg)

${growthTable(curves)}

What should not matter: how long the log is, in how many segments it lies, how many connections do nothing or are stuck. What may matter is the number of partitions: with the same batches, each of a thousand logs is flushed for itself.
When this was first drawn, ten million records in segments of 1 MiB cost twice as much as none: the directory was listed whenever a segment was full. It is not any more (\`packages/log/src/rolling-cost.test.ts\`). What is left of it with two thousand segments
is garbage collection and time in the kernel, by the profile; it was not followed further.
`;
}

/** The broker's CPU for a million records, a line each. */
export function drawGrowth(curves: readonly Curve[]): string {
  const chart = client<Echarts>('echarts').init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: 900,
    height: 120 + curves.length * 150,
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: [
      { text: 'Broker CPU for a million records', subtext: 'seconds; records/s beside each point', left: 8 },
      ...curves.map(({ name, of }, at) => ({
        text: `${name} (${of})`,
        left: 40,
        top: 62 + at * 150,
        textStyle: { fontSize: 12 },
      })),
    ],
    grid: curves.map((_, at) => ({ left: 60, right: 90, top: 88 + at * 150, height: 90 })),
    xAxis: curves.map(({ points }, at) => ({
      type: 'category',
      gridIndex: at,
      data: points.map(({ count }) => count.toLocaleString('en')),
    })),
    yAxis: curves.map(({ points }, at) => ({
      type: 'value',
      gridIndex: at,
      min: 0,
      // Room for what stands above the points.
      max: 2 * Math.ceil(0.65 * Math.max(...points.map(({ cpuPerMillion }) => cpuPerMillion))),
      splitNumber: 2,
    })),
    series: curves.map(({ points }, at) => ({
      type: 'line',
      xAxisIndex: at,
      yAxisIndex: at,
      color: '#2563eb',
      symbolSize: 7,
      label: {
        show: true,
        position: 'top',
        formatter: ({ dataIndex }: { dataIndex: number }) =>
          thousands(points[dataIndex]?.producedPerSecond ?? 0),
      },
      data: points.map(({ cpuPerMillion }) => Number(cpuPerMillion.toFixed(2))),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
