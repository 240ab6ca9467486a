import { meets, type Row, verdict } from './row.js';

/** What a measurement was made on. */
export interface Machine {
  readonly cores: number;
  readonly node: string;
  readonly date: string;
}

/** The results page: how to reproduce it, the figures, and a plot of ratio against target. */
export function performancePage(machine: Machine, suites: ReadonlyMap<string, readonly Row[]>): string {
  const tables = [...suites].map(([name, rows]) => `## ${name}\n\n${table(rows)}`);
  return `# Performance

Measured on ${machine.date} with Node.js ${machine.node} on ${machine.cores} cores, client and server on the same machine. Made by

\`\`\`sh
npm run bench -- --write            # all of it; 10 to 25 minutes
npm run bench -- --list             # the suites
npm run bench -- vm-pool            # one of them, printed
npm run bench -- --json             # for programs
\`\`\`

Absolute rates differ from machine to machine and drift on any of them. What is claimed is the **ratio**: ours against a baseline, in rounds that take turns in one run, the median of each round's own ratio. A ratio of a rate wants to be high, of a time or a size low; the target says which. A row without a target is there for comparison.

A ratio depends on the machine, too, and the same row varies by a tenth from run to run. An echo is system calls and waiting to be woken, a task is cryptography and compiled code, a durable change is the disk as well: where the processor is slow beside its kernel, or the disk beside the processor, tasks and durable changes come out lower against the same echo. The rows whose baseline does the same cryptography, or the same commit, after each echo tell a slow machine from slow code.

![ratio against target](performance.svg)

${tables.join('\n\n')}
`;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    (row) =>
      `| ${row.name} | ${figure(row.ours)} | ${figure(row.baseline)} | ${row.unit} | **${row.ratio.toPrecision(3)}** | ${row.target} | ${verdict(row)} |`,
  );
  return [
    '| figure | ours | baseline | unit | ratio | target | |',
    '|---|---:|---:|---|---:|---|---|',
    ...lines,
  ].join('\n');
}

/** A number with four digits that matter. */
export function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(4);
}

const ROW_HEIGHT = 22;
const LABEL_WIDTH = 470;
const PLOT_WIDTH = 420;

/** A bar for each figure: how far beyond (right) or short of (left) its target it is, on a logarithmic scale. */
export function performancePlot(suites: ReadonlyMap<string, readonly Row[]>): string {
  const rows = [...suites.values()].flat().filter(({ target }) => target !== '');
  const height = rows.length * ROW_HEIGHT + 50;
  const middle = LABEL_WIDTH + PLOT_WIDTH / 4;
  const bars = rows.map((row, i) => bar(row, 30 + i * ROW_HEIGHT, middle));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL_WIDTH + PLOT_WIDTH + 20}" height="${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${middle}" y="18" text-anchor="middle" fill="#444444">target</text>
<line x1="${middle}" y1="24" x2="${middle}" y2="${height - 16}" stroke="#444444" stroke-dasharray="3 3"/>
${bars.join('\n')}
</svg>
`;
}

function bar(row: Row, top: number, middle: number): string {
  const target = Number(/[0-9.]+/.exec(row.target)?.[0] ?? 1);
  const higherIsBetter = row.target.startsWith('>');
  const margin = Math.log2((higherIsBetter ? row.ratio / target : target / row.ratio) || 1);
  const width = Math.max(-1, Math.min(3, margin)) * (PLOT_WIDTH / 4);
  const x = width < 0 ? middle + width : middle;
  const fill = meets(row.ratio, row.target) ? '#2a9d5c' : '#c8453b';
  return `<text x="${LABEL_WIDTH - 8}" y="${top + 13}" text-anchor="end" fill="#222222">${escape(row.name)}</text>
<rect x="${x.toFixed(1)}" y="${top + 3}" width="${Math.max(1, Math.abs(width)).toFixed(1)}" height="${ROW_HEIGHT - 8}" fill="${fill}"/>
<text x="${(Math.max(middle, middle + width) + 6).toFixed(1)}" y="${top + 13}" fill="#222222">${row.ratio.toPrecision(3)} (${escape(row.target)})</text>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
